import { generateKeyPair } from 'node:crypto'
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK, SignJWT } from 'jose'
import type { MaybePromise } from '../../aws/service.ts'
import type { PoolDirectory } from './poolDirectory.ts'
import type { UserStore } from './userStore.ts'

/** An issuer of this server: its name, its public keys, and its signature. */
export interface Issuer {
  /** The `iss` of its tokens. */
  readonly issuer: string
  /** The same key objects each time. */
  keys(): MaybePromise<readonly JWK[]>
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
}

/** The issuers of this server: every local pool, and one for OpenID Connect. */
export interface Issuers {
  userPool(poolId: string): Issuer | undefined
  /** By URL, with or without a slash at the end: that of this server, or another that the settings say is played here. */
  openIDConnect(issuer: string): Issuer | undefined
  /** The OpenID Connect issuer of this server. */
  readonly ownOpenIDConnect: Issuer
  /** `/POOL_ID/.well-known/…` and `/oidc/.well-known/…`. @returns undefined for another path. */
  wellKnown(path: string): MaybePromise<unknown>
}

/** Bits of the keys that tokens are signed with. */
const RSA_BITS = 2048
export const OPENID_CONNECT_PATH = '/oidc'

/** @param baseUrl The server's address without a slash at the end, known once it listens. */
export function createIssuers(options: {
  store: UserStore
  directory: PoolDirectory
  baseUrl: () => string
  /** URLs of OpenID Connect issuers elsewhere that this server signs for. @default none */
  playedIssuers?: readonly string[]
}): Issuers {
  const { store, directory, baseUrl } = options
  const keys = new Map<string, SigningKey>()
  /** Keys belong to the issuer's lasting name, for the server's address may change. */
  const keyOf = (name: string): SigningKey => {
    let key = keys.get(name)
    if (key === undefined) {
      key = createSigningKey(name, store)
      keys.set(name, key)
    }
    return key
  }
  const issuerOf = (name: string, url: () => string): Issuer => ({
    get issuer() {
      return url()
    },
    keys: () => keyOf(name).publicKeys(),
    sign: (claims) => keyOf(name).sign({ iss: url(), ...claims }),
  })

  const ownOpenIDConnect = issuerOf('oidc', () => `${baseUrl()}${OPENID_CONNECT_PATH}`)
  const played = new Set(options.playedIssuers?.map(withoutSlash))
  const userPool = (poolId: string): Issuer | undefined =>
    directory.find(poolId) && issuerOf(`pool/${poolId}`, () => `${baseUrl()}/${poolId}`)

  return {
    userPool,
    openIDConnect(issuer) {
      const url = withoutSlash(issuer)
      if (url === ownOpenIDConnect.issuer) return ownOpenIDConnect
      return played.has(url) ? issuerOf('oidc', () => url) : undefined
    },
    ownOpenIDConnect,
    wellKnown(path) {
      const match = /^\/([\w-]+)\/\.well-known\/(jwks\.json|openid-configuration)$/.exec(path)
      if (match === null) return undefined
      const [, name = '', document] = match
      const issuer = `/${name}` === OPENID_CONNECT_PATH ? ownOpenIDConnect : userPool(name)
      if (issuer === undefined) return undefined
      if (document === 'openid-configuration') return describe(issuer.issuer)
      const published = issuer.keys()
      return published instanceof Promise ? published.then((list) => ({ keys: list })) : { keys: published }
    },
  }
}

function describe(issuer: string): Record<string, unknown> {
  return {
    id_token_signing_alg_values_supported: ['RS256'],
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: ['token'],
    scopes_supported: ['openid', 'email', 'phone', 'profile'],
    subject_types_supported: ['public'],
  }
}

interface SigningKey {
  publicKeys(): MaybePromise<readonly JWK[]>
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
}

/** Made when it is first needed, for it takes a moment; then kept in the store. */
function createSigningKey(name: string, store: UserStore): SigningKey {
  let ready: { publicKeys: readonly JWK[]; kid: string; key: CryptoKey } | undefined
  let pending: Promise<NonNullable<typeof ready>> | undefined
  const load = async (): Promise<NonNullable<typeof ready>> => {
    const text = store.findKey(name) ?? store.putKey(name, JSON.stringify(await generateKey()))
    const { kty, n, e, kid, alg, use, ...secret } = JSON.parse(text) as JWK & { kid: string }
    const key = await importJWK({ kty, n, e, ...secret } as JWK, 'RS256')
    if (key instanceof Uint8Array) throw new Error('a signing key is no RSA key')
    ready = { publicKeys: [{ alg, e, kid, kty, n, use } as JWK], kid, key }
    return ready
  }
  const get = (): Promise<NonNullable<typeof ready>> => {
    pending ??= load().catch((error: unknown) => {
      pending = undefined
      throw error
    })
    return pending
  }
  return {
    publicKeys: () => ready?.publicKeys ?? get().then(({ publicKeys }) => publicKeys),
    async sign(claims) {
      const { kid, key } = ready ?? (await get())
      return new SignJWT({ ...claims }).setProtectedHeader({ kid, alg: 'RS256' }).sign(key)
    },
  }
}

function generateKey(): Promise<JWK> {
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: RSA_BITS }, (error, _, privateKey) => {
      if (error !== null) {
        reject(error)
        return
      }
      const jwk = privateKey.export({ format: 'jwk' }) as JWK
      calculateJwkThumbprint(jwk).then((kid) => resolve({ ...jwk, kid, alg: 'RS256', use: 'sig' }), reject)
    })
  })
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}
