import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { acceptsJws, createTokenJudge, JWS_FILES, readJwsVectors, readTokenVectors } from '../conformance/jwtVectors.ts'
import { readRequestVectors, refusalOf } from '../conformance/sigv4Vectors.ts'
import { hasShared, sharedPath } from '../support/shared.ts'

const given = process.env['SIDESTAGE_VECTORS']
const folder = given ?? (hasShared ? sharedPath('vectors') : undefined)

/** Tokens that the suite calls invalid, although nothing is wrong with them: see the test of that name. */
const SOUND_THOUGH_CALLED_INVALID = new Set(['json_web_signature-367'])

if (folder === undefined) describe.skip('vectors (set SIDESTAGE_VECTORS to their folder)', () => {})
else {
  describe('signed AppSync requests', () => {
    const set = readRequestVectors(folder)
    it.each(set.vectors)('$id: $description', async (vector) => {
      expect(await refusalOf(set, vector)).toBe(vector.expected.accept ? undefined : vector.expected.errorType)
    })
  })

  describe.each(JWS_FILES)('%s', (file) => {
    const vectors = readJwsVectors(folder, file).filter(({ mayRefuse }) => mayRefuse !== true)
    for (const vector of vectors.filter(({ id }) => !SOUND_THOUGH_CALLED_INVALID.has(id)))
      it(`${vector.id}: ${vector.comment}, ${vector.result}`, async () => {
        expect(await acceptsJws(vector)).toBe(vector.result === 'valid')
      })
    for (const { id, jws, key } of vectors.filter(({ id }) => SOUND_THOUGH_CALLED_INVALID.has(id)))
      it(`${id} is sound, though called invalid: canonical base64url and the right MAC of a strong enough key`, () => {
        const [header = '', payload = '', mac = ''] = jws.split('.')
        const secret = Buffer.from('k' in key ? String(key.k) : '', 'base64url')
        expect([header, payload].map((part) => Buffer.from(part, 'base64url').toString('base64url'))).toEqual([
          header,
          payload,
        ])
        expect([
          secret.length,
          createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url'),
        ]).toEqual([32, mac])
      })
  })

  describe('tokens', () => {
    const set = readTokenVectors(folder)
    it.each(set.vectors)('$id: $description', async (vector) => {
      const judge = createTokenJudge(set, vector.provider)
      const outcome = await judge.identityOf(vector.jwt).then(
        () => true,
        (error: Error) => [error.name, error.message],
      )
      if (vector.expected.accept) expect(outcome).toBe(true)
      else
        expect(outcome).toEqual([
          'AuthenticationError',
          expect.stringMatching(
            /^(?:You are not authorized to make this call|Unable to parse JWT token|Token has expired)\.$/,
          ),
        ])
      expect(judge.asked.filter((url) => !url.includes('/.well-known/'))).toEqual([])
      expect(({} as { admin?: unknown }).admin).toBeUndefined()
    })
  })
}
