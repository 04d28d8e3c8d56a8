import { describe, expect, it } from 'vitest'
import {
  isSigned,
  presign,
  readSignature,
  type SignableRequest,
  signRequest,
  verifySignature,
} from '../../src/aws/sigv4.ts'
import {
  expectedInHeader,
  expectedInQuery,
  readSigningVectors,
  signInHeader,
  signInQuery,
  verifySigned,
} from '../conformance/sigv4Vectors.ts'
import { hasShared, sharedPath } from '../support/shared.ts'

const given = process.env['SIDESTAGE_VECTORS']
const vectors = given === undefined && !hasShared ? [] : readSigningVectors(given ?? sharedPath('vectors'))

describe.skipIf(vectors.length === 0)('the signing suite of AWS', () => {
  for (const vector of vectors) {
    if (vector.header !== undefined) {
      it(`signs ${vector.id} in the header`, () => {
        expect(signInHeader(vector)).toEqual(expectedInHeader(vector))
      })
      it(`verifies ${vector.id} in the header`, () => {
        verifySigned(vector, vector.header!.signedRequest)
      })
    }
    if (vector.query !== undefined) {
      it(`signs ${vector.id} in the query`, () => {
        expect(signInQuery(vector)).toEqual(expectedInQuery(vector))
      })
      it(`verifies ${vector.id} in the query`, () => {
        verifySigned(vector, vector.query!.signedRequest)
      })
    }
  }
})

const NOW = Date.parse('2026-01-15T12:00:00Z')
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' }
const scope = { credentials, region: 'eu-west-1', service: 'states', now: NOW }
const request: SignableRequest = { method: 'POST', target: '/', headers: [['Host', 'localhost:4000']], body: '{}' }

function outcome(signed: SignableRequest, now = NOW): string {
  try {
    const claim = readSignature(signed)
    verifySignature(signed, claim, { now, secretAccessKey: 'secret', region: 'eu-west-1', services: ['states'] })
    return 'accepted'
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`
  }
}

describe('a signed request', () => {
  const signed = { ...request, headers: signRequest({ ...scope, ...request }).headers }

  it('is recognised as one, an unsigned is not', () => {
    expect([isSigned(signed), isSigned(request), isSigned({ target: '/?X-Amz-Algorithm=x', headers: [] })]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('takes the host from the URL', () => {
    const { headers } = signRequest({ ...scope, method: 'GET', url: 'http://127.0.0.1:4000/a?b=c' })
    expect(headers[0]).toEqual(['Host', '127.0.0.1:4000'])
    expect(outcome({ method: 'GET', target: '/a?b=c', headers, body: '' })).toBe('accepted')
  })

  it('is refused five minutes and a second later, and that much earlier, with the words of AWS', () => {
    expect(outcome(signed, NOW + 300_000)).toBe('accepted')
    expect(outcome(signed, NOW + 301_000)).toBe(
      'InvalidSignatureException: Signature expired: 20260115T120000Z is now earlier than 20260115T120001Z (20260115T120501Z - 5 min.)',
    )
    expect(outcome(signed, NOW - 301_000)).toBe(
      'InvalidSignatureException: Signature not yet current: 20260115T120000Z is still later than 20260115T115959Z (20260115T115459Z + 5 min.)',
    )
  })

  it('may carry bytes outside ASCII, as Node hands them on or as text', () => {
    const text: SignableRequest = { ...request, target: '/ሴ?é=ü', headers: [...request.headers, ['X-Name', 'Zoë']] }
    const headers = signRequest({ ...scope, ...text }).headers
    const latin1 = (value: string): string => Buffer.from(value).toString('latin1')
    expect(outcome({ ...text, headers })).toBe('accepted')
    expect(
      outcome({ ...text, target: latin1(text.target), headers: headers.map(([name, value]) => [name, latin1(value)]) }),
    ).toBe('accepted')
  })

  it('is refused with a second Authorization header, or with a signature in the query as well', () => {
    const authorization = signed.headers.find(([name]) => name === 'Authorization')!
    expect(outcome({ ...signed, headers: [...signed.headers, authorization] })).toMatch(/^IncompleteSignatureException/)
    const both = { ...signed, target: presign(request, { ...scope, expiresIn: 60 }).target }
    expect(outcome(both)).toMatch(/^IncompleteSignatureException/)
  })

  it('names no part of the signature or of a credential in a refusal', () => {
    const changed = { ...signed, body: '{"a":1}' }
    expect(outcome(changed)).toBe(
      'InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  })

  it('may use the Date header in place of X-Amz-Date', () => {
    const headers = signRequest({ ...scope, ...request }).headers.map(([name, value]): [string, string] =>
      name === 'X-Amz-Date' ? ['Date', 'Thu, 15 Jan 2026 12:00:00 GMT'] : [name, value],
    )
    expect(readSignature({ ...request, headers }).time).toBe(NOW)
  })
})

describe('a presigned request', () => {
  const signed = { ...request, target: presign(request, { ...scope, expiresIn: 60 }).target }

  it('is accepted until it expires, and not before it was made', () => {
    expect(
      [NOW - 301_000, NOW - 300_000, NOW + 59_999, NOW + 60_000].map((now) => outcome(signed, now).split(':')[0]),
    ).toEqual(['InvalidSignatureException', 'accepted', 'accepted', 'InvalidSignatureException'])
  })

  it('is refused when its life is made longer, or is longer than seven days', () => {
    expect(outcome({ ...signed, target: signed.target.replace('Expires=60', 'Expires=600') })).toMatch(
      /^InvalidSignatureException: The request signature we calculated/,
    )
    const long = presign(request, { ...scope, expiresIn: 604_801 })
    expect(outcome({ ...request, target: long.target })).toMatch(/^IncompleteSignatureException/)
  })

  it('is refused when a parameter is repeated', () => {
    expect(outcome({ ...signed, target: `${signed.target}&X-Amz-Date=20260115T120000Z` })).toMatch(
      /^IncompleteSignatureException/,
    )
  })
})
