import type { Scope } from '../../aws/arn.ts'
import { messageOf } from '../../aws/errors.ts'
import { type SigningCredentials, signRequest } from '../../aws/sigv4.ts'
import type { DataSource } from '../../resources.ts'
import type { DataSourceClient, DataSourceOutcome } from '../dataSource.ts'
import { invalidRequest } from '../dataSource.ts'
import { HttpRequestError, type OutgoingRequest, readHttpRequest } from './request.ts'
import type { HttpAnswer, HttpSender, SignedHttpRequest } from './send.ts'

export interface HttpDataSourceOptions {
  sender: HttpSender
  /** Credentials of the data source's role; undefined where the server has none for the account. */
  credentialsFor?(scope: Scope, roleArn: string | undefined): SigningCredentials | undefined
  /**
   * Answers requests to AWS services that this server embeds, by host (`states.us-east-1.amazonaws.com`). Gets the
   * request as it would go to AWS, signed or not, and checks what AWS would check. Undefined: not one of ours.
   */
  embedded?(request: SignedHttpRequest, scope: Scope): Promise<HttpAnswer> | undefined
  /** Milliseconds since the epoch, for signatures. @default the system's time */
  now?(): number
}

/** HTTP: one request to the data source's endpoint; the result is `{ statusCode, headers, body }`. */
export function createHttpDataSource(source: DataSource, options: HttpDataSourceOptions): DataSourceClient {
  const endpoint = source.httpConfig?.endpoint
  return {
    invoke(call) {
      if (endpoint === undefined || !URL.canParse(endpoint)) {
        return invalidRequest(`The data source '${source.name}' has no valid endpoint.`)
      }
      let outgoing: OutgoingRequest
      try {
        outgoing = readHttpRequest(call.request, endpoint)
      } catch (error) {
        if (error instanceof HttpRequestError) return invalidRequest(error.message)
        throw error
      }
      const signed = sign(outgoing, source, call.scope, options)
      if (signed === undefined) {
        const message = `The data source '${source.name}' signs its requests, but there are no credentials for its role.`
        return { type: 'error', error: { type: 'HttpSigningFailure', message }, result: null }
      }
      const request: SignedHttpRequest = { ...outgoing, headers: signed, signal: call.signal() }
      const answer = options.embedded?.(request, call.scope) ?? options.sender.send(request)
      return answer.then(
        (settled): DataSourceOutcome => ({ type: 'result', result: settled }),
        (error: unknown): DataSourceOutcome => ({
          type: 'error',
          error: {
            type: 'HttpRequestFailure',
            message: `${outgoing.method} ${outgoing.url.origin}: ${messageOf(error)}`,
          },
          result: null,
        }),
      )
    },
  }
}

function sign(
  request: OutgoingRequest,
  source: DataSource,
  scope: Scope,
  options: HttpDataSourceOptions,
): readonly (readonly [string, string])[] | undefined {
  const authorization = source.httpConfig?.authorizationConfig
  if (authorization === undefined) return request.headers
  const credentials = options.credentialsFor?.(scope, source.serviceRoleArn)
  if (credentials === undefined) return undefined
  return signRequest({
    credentials,
    region: authorization.awsIamConfig?.signingRegion ?? scope.region,
    service: authorization.awsIamConfig?.signingServiceName ?? request.url.hostname.split('.')[0] ?? '',
    method: request.method,
    url: request.url,
    headers: request.headers,
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(options.now === undefined ? {} : { now: options.now() }),
  }).headers
}
