import { randomUUID } from 'node:crypto'
import { parseArn } from '../aws/arn.ts'
import { AwsError } from '../aws/errors.ts'
import type { RestResponse } from '../aws/service.ts'
import type { PolicyDocument } from '../resources.ts'

/** Who calls STS: what the verified signature says. */
export interface StsCaller {
  accountId: string
  principalArn: string
  /** `aws:userid` */
  userId: string
}

/** What STS asks of the server's credentials. */
export interface StsCredentials<Caller extends StsCaller = StsCaller> {
  /**
   * Whether the caller may take the role on, by the role's trust policy and the caller's own policies; undefined when
   * there is no such role.
   */
  mayAssume(caller: Caller, roleArn: string): boolean | undefined
  issueTemporary(request: {
    roleArn: string
    sessionName: string
    durationSeconds: number
    sessionPolicy?: PolicyDocument
  }): {
    accessKeyId: string
    secretAccessKey: string
    sessionToken: string
    /** Milliseconds since the epoch. */
    expiration: number
    assumedRoleArn: string
    assumedRoleId: string
  }
}

/** AWS Security Token Service: GetCallerIdentity and AssumeRole of the query protocol, answers in XML. */
export interface StsService<Caller extends StsCaller = StsCaller> {
  /** @returns undefined when the form holds no action of STS. */
  handle(form: URLSearchParams, caller: Caller): RestResponse | undefined
}

export const STS_VERSION = '2011-06-15'
const NAMESPACE = `https://sts.amazonaws.com/doc/${STS_VERSION}/`
/** AssumeRole, DurationSeconds. */
const MIN_DURATION_SECONDS = 900
const MAX_DURATION_SECONDS = 43_200
const DEFAULT_DURATION_SECONDS = 3600
const MAX_POLICY_LENGTH = 2048

export function createStsService<Caller extends StsCaller>(credentials: StsCredentials<Caller>): StsService<Caller> {
  const actions: Readonly<Record<string, (form: URLSearchParams, caller: Caller) => Xml>> = {
    GetCallerIdentity: (_, caller) => ({
      Arn: caller.principalArn,
      UserId: caller.userId,
      Account: caller.accountId,
    }),
    AssumeRole(form, caller) {
      const roleArn = required(form, 'RoleArn')
      const sessionName = required(form, 'RoleSessionName')
      const arn = parseArn(roleArn)
      if (arn === undefined || arn.service !== 'iam' || !arn.resource.startsWith('role/'))
        throw invalid(`${roleArn.slice(0, 100)} is invalid`)
      if (!/^[\w+=,.@-]{2,64}$/.test(sessionName))
        throw invalid(
          `1 validation error detected: Value '${sessionName.slice(0, 100)}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
        )
      const durationSeconds = readDuration(form.get('DurationSeconds'))
      const sessionPolicy = readPolicy(form.get('Policy'))
      if (credentials.mayAssume(caller, roleArn) !== true)
        throw new AwsError(
          'AccessDenied',
          `User: ${caller.principalArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
          { statusCode: 403 },
        )
      const issued = credentials.issueTemporary({
        roleArn,
        sessionName,
        durationSeconds,
        ...(sessionPolicy !== undefined && { sessionPolicy }),
      })
      return {
        AssumedRoleUser: { AssumedRoleId: issued.assumedRoleId, Arn: issued.assumedRoleArn },
        Credentials: {
          AccessKeyId: issued.accessKeyId,
          SecretAccessKey: issued.secretAccessKey,
          SessionToken: issued.sessionToken,
          Expiration: new Date(issued.expiration).toISOString(),
        },
      }
    },
  }

  return {
    handle(form, caller) {
      const action = form.get('Action') ?? ''
      const version = form.get('Version')
      if (version !== STS_VERSION) return undefined
      const requestId = randomUUID()
      try {
        const answer = Object.hasOwn(actions, action) ? actions[action] : undefined
        if (answer === undefined)
          throw new AwsError('InvalidAction', `Could not find operation ${action.slice(0, 100)} for version ${version}`)
        return xml(200, requestId, {
          [`${action}Response`]: {
            [`${action}Result`]: answer(form, caller),
            ResponseMetadata: { RequestId: requestId },
          },
        })
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        return stsErrorResponse(error, requestId)
      }
    },
  }
}

/** An error as STS writes it. */
export function stsErrorResponse(error: AwsError, requestId: string = randomUUID()): RestResponse {
  return xml(error.statusCode, requestId, {
    ErrorResponse: { Error: { Type: 'Sender', Code: error.code, Message: error.message }, RequestId: requestId },
  })
}

type Xml = { readonly [name: string]: string | Xml }

function xml(status: number, requestId: string, document: Xml): RestResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: Object.entries(document)
      .map(([name, value]) => element(name, value, ` xmlns="${NAMESPACE}"`))
      .join(''),
  }
}

function element(name: string, value: string | Xml, attributes = ''): string {
  const content =
    typeof value === 'string'
      ? escapeXml(value)
      : Object.entries(value)
          .map(([child, inner]) => element(child, inner))
          .join('')
  return `<${name}${attributes}>${content}</${name}>`
}

function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (value !== null && value !== '') return value
  const path = name.charAt(0).toLowerCase() + name.slice(1)
  throw invalid(
    `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
  )
}

function readDuration(text: string | null): number {
  if (text === null) return DEFAULT_DURATION_SECONDS
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (seconds >= MIN_DURATION_SECONDS && seconds <= MAX_DURATION_SECONDS) return seconds
  throw invalid(
    `1 validation error detected: Value '${text.slice(0, 20)}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${seconds > MAX_DURATION_SECONDS ? `less than or equal to ${MAX_DURATION_SECONDS}` : `greater than or equal to ${MIN_DURATION_SECONDS}`}`,
  )
}

function readPolicy(text: string | null): PolicyDocument | undefined {
  if (text === null || text === '') return undefined
  if (text.length > MAX_POLICY_LENGTH)
    throw new AwsError('PackedPolicyTooLarge', 'Packed policy consumes more than 100% of the allotted space')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'Statement' in value)
      return { ...('Version' in value && { Version: String(value.Version) }), Statement: value.Statement }
  } catch {
    // Refused below.
  }
  throw new AwsError('MalformedPolicyDocument', 'This policy contains invalid Json')
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message)
}
