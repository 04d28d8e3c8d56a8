import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { createAuthenticator } from '../../src/auth/authenticator.ts'
import { createCredentialStore } from '../../src/auth/iam/credentialStore.ts'
import { verifyToken } from '../../src/auth/jwt/verifyToken.ts'
import { createCatalog } from '../../src/catalog.ts'
import type { GraphqlApi } from '../../src/resources.ts'

/** A vector of `jwt/wycheproof-*.json`. */
export interface JwsVector {
  id: string
  comment: string
  jws: string
  key: JWK | { keys: JWK[] }
  result: 'valid' | 'invalid'
  mayRefuse?: boolean
}

export const JWS_FILES = ['wycheproof-jws.json', 'wycheproof-jwk.json'] as const

export function readJwsVectors(folder: string, file: (typeof JWS_FILES)[number]): JwsVector[] {
  return (JSON.parse(readFileSync(join(folder, 'jwt', file), 'utf8')) as { vectors: JwsVector[] }).vectors
}

export async function acceptsJws(vector: JwsVector): Promise<boolean> {
  const keys = 'keys' in vector.key && Array.isArray(vector.key.keys) ? vector.key.keys : [vector.key as JWK]
  return (await verifyToken(vector.jws, keys)) !== undefined
}

/** A vector of `jwt/tokens.json`. */
export interface TokenVector {
  id: string
  provider: 'oidc' | 'cognito'
  description: string
  jwt: string
  expected: { accept: boolean }
}

export interface TokenVectors {
  /** Seconds since the epoch. */
  now: number
  config: {
    oidc: { issuer: string; clientId: string; iatTTL: number; authTTL: number }
    cognito: { awsRegion: string; userPoolId: string; appIdClientRegex: string }
  }
  jwks: { keys: JWK[] }
  vectors: TokenVector[]
}

export function readTokenVectors(folder: string): TokenVectors {
  return JSON.parse(readFileSync(join(folder, 'jwt/tokens.json'), 'utf8')) as TokenVectors
}

/**
 * An API with the vectors' provider, whose issuer answers from memory.
 * @returns what tells whether a token is accepted, and the addresses that were asked for.
 */
export function createTokenJudge(set: TokenVectors, provider: 'oidc' | 'cognito') {
  const { oidc, cognito } = set.config
  const asked: string[] = []
  const documents = new Map<string, unknown>([
    [
      `${oidc.issuer}/.well-known/openid-configuration`,
      { issuer: oidc.issuer, jwks_uri: `${oidc.issuer}/.well-known/jwks.json` },
    ],
    [`${oidc.issuer}/.well-known/jwks.json`, set.jwks],
    [`https://cognito-idp.${cognito.awsRegion}.amazonaws.com/${cognito.userPoolId}/.well-known/jwks.json`, set.jwks],
  ])
  const catalog = createCatalog()
  const clock = { now: () => set.now * 1000, at: () => () => {} }
  const authenticator = createAuthenticator({
    catalog,
    credentials: createCredentialStore({ catalog, clock }),
    clock,
    lambda: { invoke: () => Promise.reject() },
    fetch: async (url) => {
      asked.push(String(url))
      const document = documents.get(String(url))
      return document === undefined ? new Response('', { status: 404 }) : Response.json(document)
    },
  })
  const api: GraphqlApi = {
    arn: 'arn:aws:appsync:us-east-1:000000000000:apis/a',
    apiId: 'a',
    name: 'a',
    uris: {},
    ...(provider === 'oidc'
      ? { authenticationType: 'OPENID_CONNECT', openIDConnectConfig: oidc }
      : { authenticationType: 'AMAZON_COGNITO_USER_POOLS', userPoolConfig: { ...cognito, defaultAction: 'ALLOW' } }),
  }
  return {
    asked,
    async identityOf(jwt: string) {
      const request = {
        method: 'POST',
        target: '/graphql',
        headers: [['authorization', jwt]] as const,
        body: Buffer.alloc(0),
      }
      return (await authenticator.authenticate(api, request)).identity
    },
  }
}
