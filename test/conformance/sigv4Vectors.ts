import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthenticator } from '../../src/auth/authenticator.ts'
import type { AuthenticationError } from '../../src/auth/caller.ts'
import { requestOfAuthObject } from '../../src/auth/headers.ts'
import { createCredentialStore } from '../../src/auth/iam/credentialStore.ts'
import {
  type HeaderList,
  isSigned,
  presign,
  readSignature,
  type SignableRequest,
  type SignatureSteps,
  type SignedRequest,
  signRequest,
  verifySignature,
} from '../../src/aws/sigv4.ts'
import { createCatalog } from '../../src/catalog.ts'
import type { GraphqlApi } from '../../src/resources.ts'

/** A vector of `sigv4/requests.json`. */
export interface RequestVector {
  id: string
  description: string
  now: string
  request: { method: string; target: string; headers: [string, string][]; body: string }
  surface?: 'realtime-connect' | 'realtime-start'
  expected: { accept: boolean; errorType?: string }
}

export interface RequestVectors {
  region: string
  service: string
  knownCredentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }[]
  vectors: RequestVector[]
}

export function readRequestVectors(folder: string): RequestVectors {
  return JSON.parse(readFileSync(join(folder, 'sigv4/requests.json'), 'utf8')) as RequestVectors
}

/**
 * Sends a vector's request through the whole authentication of an API in AWS_IAM mode.
 * @returns undefined when it is let in, else the error's type. A request without any signature is told so by the
 * GraphQL endpoint in words of its own; the vectors name what the signing front end says.
 */
export async function refusalOf(set: RequestVectors, vector: RequestVector): Promise<string | undefined> {
  const catalog = createCatalog()
  const clock = { now: () => Date.parse(vector.now), at: () => () => {} }
  const credentials = createCredentialStore({ configured: set.knownCredentials, catalog, clock })
  const authenticator = createAuthenticator({ catalog, credentials, clock, lambda: { invoke: () => Promise.reject() } })
  const api: GraphqlApi = {
    arn: `arn:aws:appsync:${set.region}:000000000000:apis/a`,
    apiId: 'a',
    name: 'a',
    uris: {},
    authenticationType: 'AWS_IAM',
  }
  const { request } = vector
  const signed =
    vector.surface === undefined
      ? { ...request, body: Buffer.from(request.body) }
      : requestOfAuthObject(Object.fromEntries(request.headers), request)
  try {
    await authenticator.authenticate(api, signed)
    return undefined
  } catch (error) {
    const { errorType } = error as AuthenticationError
    return errorType === 'UnauthorizedException' && !isSigned(signed)
      ? 'MissingAuthenticationTokenException'
      : errorType
  }
}

interface Steps extends SignatureSteps {
  signedRequest: { method: string; target: string; headers: [string, string][]; body: string }
}

/** A vector of `sigv4/signing.json`. */
export interface SigningVector {
  id: string
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  region: string
  service: string
  timestamp: string
  expiresInSeconds: number
  normalizePath: boolean
  signBody: boolean
  omitSessionToken: boolean
  request: SignableRequest
  header?: Steps
  query?: Steps
}

export function readSigningVectors(folder: string): SigningVector[] {
  return (JSON.parse(readFileSync(join(folder, 'sigv4/signing.json'), 'utf8')) as { vectors: SigningVector[] }).vectors
}

function contextOf(vector: SigningVector) {
  return {
    credentials: vector.credentials,
    region: vector.region,
    service: vector.service,
    now: Date.parse(vector.timestamp),
    normalizePath: vector.normalizePath,
    signBody: vector.signBody,
    omitSessionToken: vector.omitSessionToken,
  }
}

/** Signs in the header; the header list is compared as a set of lower-case names, for the order is the signer's own. */
export function signInHeader(vector: SigningVector) {
  const signed: SignedRequest = signRequest({ ...contextOf(vector), ...vector.request })
  return { ...stepsOf(signed), headers: headerSet(signed.headers) }
}

export function expectedInHeader(vector: SigningVector) {
  return vector.header && { ...stepsOf(vector.header), headers: headerSet(vector.header.signedRequest.headers) }
}

/** Signs in the query; parameters are compared as a set. */
export function signInQuery(vector: SigningVector) {
  const signed = presign(vector.request, { ...contextOf(vector), expiresIn: vector.expiresInSeconds })
  return { ...stepsOf(signed), target: parameterSet(signed.target) }
}

export function expectedInQuery(vector: SigningVector) {
  return vector.query && { ...stepsOf(vector.query), target: parameterSet(vector.query.signedRequest.target) }
}

/** Throws when the vector's signed request is refused. */
export function verifySigned(vector: SigningVector, request: SignableRequest): void {
  const claim = readSignature(request)
  verifySignature(request, claim, {
    now: Date.parse(vector.timestamp),
    secretAccessKey: vector.credentials.secretAccessKey,
    region: vector.region,
    services: [vector.service],
    normalizePath: vector.normalizePath,
  })
}

function stepsOf({ canonicalRequest, stringToSign, signature }: SignatureSteps): SignatureSteps {
  return { canonicalRequest, stringToSign, signature }
}

function headerSet(headers: HeaderList): string[] {
  return headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort()
}

function parameterSet(target: string): string[] {
  return target.split(/[?&]/).sort()
}
