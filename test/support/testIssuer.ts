import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** An issuer with a key pair of its own, which signs whatever a test wants. */
export interface TestIssuer {
  issuer: string
  jwk: JWK
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>
}

export async function createTestIssuer(issuer: string, kid = 'k1', alg = 'RS256'): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return {
    issuer,
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: (claims, header = {}) =>
      new SignJWT({ iss: issuer, ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  }
}
