import { describe, expect, it } from 'vitest'
import { createCognitoFixture, PASSWORD, POOL, tokensOf } from '../../support/cognitoFixture.ts'
import { createSrpClient, N } from '../../support/srpClient.ts'

interface Challenge {
  ChallengeName: string
  ChallengeParameters: Record<string, string>
}

const WRONG = ['NotAuthorizedException', 'Incorrect username or password.']

function exchange(fixture: ReturnType<typeof createCognitoFixture>, username = 'ada') {
  const client = createSrpClient()
  return {
    client,
    start: (SRP_A = client.SRP_A) =>
      fixture.call('InitiateAuth', {
        AuthFlow: 'USER_SRP_AUTH',
        ClientId: 'webclient',
        AuthParameters: { USERNAME: username, SRP_A },
      }),
    finish: (ChallengeResponses: Record<string, string>, ClientId = 'webclient') =>
      fixture.call('RespondToAuthChallenge', { ChallengeName: 'PASSWORD_VERIFIER', ClientId, ChallengeResponses }),
  }
}

describe('USER_SRP_AUTH', () => {
  it('lets in whoever knows the password, which is never sent', async () => {
    const fixture = createCognitoFixture()
    const { client, start, finish } = exchange(fixture)
    const challenge = (await start()) as unknown as Challenge
    expect(challenge).toEqual({
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeParameters: {
        SALT: expect.stringMatching(/^[0-9a-f]+$/),
        SECRET_BLOCK: expect.any(String),
        SRP_B: expect.stringMatching(/^[0-9a-f]+$/),
        USERNAME: 'ada',
        USER_ID_FOR_SRP: 'ada',
      },
    })
    expect(tokensOf(await finish(client.answer(challenge.ChallengeParameters, 'People', PASSWORD))).TokenType).toBe(
      'Bearer',
    )
  })

  it('works for any salt and numbers, leading zeros included', async () => {
    const fixture = createCognitoFixture()
    for (let round = 0; round < 6; round++) {
      const username = `user-${round}`
      await fixture.call('AdminCreateUser', { UserPoolId: POOL, Username: username })
      await fixture.call('AdminSetUserPassword', {
        UserPoolId: POOL,
        Username: username,
        Password: PASSWORD,
        Permanent: true,
      })
      const { client, start, finish } = exchange(fixture, username)
      const { ChallengeParameters } = (await start()) as unknown as Challenge
      expect(tokensOf(await finish(client.answer(ChallengeParameters, 'People', PASSWORD))).TokenType).toBe('Bearer')
    }
  })

  it('refuses a wrong password, a replayed answer, another client, a late answer', async () => {
    const fixture = createCognitoFixture({
      userPools: [
        {
          name: 'people',
          id: POOL,
          clients: [
            { name: 'web', id: 'webclient' },
            { name: 'other', id: 'otherclient' },
          ],
          users: [{ username: 'ada', password: PASSWORD, groups: [], attributes: {} }],
          groups: [],
        },
      ],
    })
    const wrong = exchange(fixture)
    const first = (await wrong.start()) as unknown as Challenge
    expect(await wrong.finish(wrong.client.answer(first.ChallengeParameters, 'People', 'wrong'))).toEqual(WRONG)

    const right = exchange(fixture)
    const second = (await right.start()) as unknown as Challenge
    const answer = right.client.answer(second.ChallengeParameters, 'People', PASSWORD)
    expect(await right.finish(answer, 'otherclient')).toEqual([
      'NotAuthorizedException',
      'Invalid session for the user.',
    ])
    expect(await right.finish({ ...answer, TIMESTAMP: 'Thu Jan 15 12:00:01 UTC 2026' })).toEqual(WRONG)
    expect(await right.finish(answer)).toEqual([
      'NotAuthorizedException',
      'Invalid session for the user, session can only be used once.',
    ])

    const late = exchange(fixture)
    const third = (await late.start()) as unknown as Challenge
    fixture.clock.advance(180_000)
    expect(await late.finish(late.client.answer(third.ChallengeParameters, 'People', PASSWORD))).toEqual([
      'NotAuthorizedException',
      'Invalid session for the user, session is expired.',
    ])
  })

  it.each([
    ['0', '0'],
    ['N', N.toString(16)],
    ['2N', (2n * N).toString(16)],
    ['no number', 'xyz'],
    ['a number of a mebibyte', 'f'.repeat(1_048_576)],
  ])('refuses a public number of %s, which would fix the key', async (_, A) => {
    const { start } = exchange(createCognitoFixture())
    expect(await start(A)).toEqual([
      'InvalidParameterException',
      expect.stringMatching(/^SRP_A is not a valid public value\.$|Member must have length less than/),
    ])
  })

  it('plays the same game with users who do not exist, where the client hides them', async () => {
    const fixture = createCognitoFixture()
    expect(await exchange(fixture, 'eve').start()).toEqual(['UserNotFoundException', 'User does not exist.'])
    const clients = fixture.catalog.collection('AWS::Cognito::UserPoolClient')
    clients.put({ ...clients.list()[0]!, properties: { PreventUserExistenceErrors: 'ENABLED' } })
    const { client, start, finish } = exchange(fixture, 'eve')
    const first = (await start()) as unknown as Challenge
    const again = (await start()) as unknown as Challenge
    expect(first.ChallengeParameters['SALT']).toBe(again.ChallengeParameters['SALT'])
    expect(await finish(client.answer(again.ChallengeParameters, 'People', PASSWORD))).toEqual(WRONG)
  })
})
