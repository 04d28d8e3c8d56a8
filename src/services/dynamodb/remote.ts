import type { Scope } from '../../aws/arn.ts'
import type { DynamoDBClient } from '../../aws/dynamodbClient.ts'
import { AwsError } from '../../aws/errors.ts'
import { type ServiceModel, serviceModel } from '../../aws/model.ts'

export interface RemoteDynamoDBOptions {
  /** Where the service answers. @default AWS's endpoint of the region */
  endpoint?: string
  /** Used where a call's scope names no region. */
  region: string
  /** @default what the AWS SDK finds: environment, shared configuration, instance metadata */
  credentials?: RemoteCredentials
  /** Attempts of one call, the first included. @default 3 */
  maxAttempts?: number
}

export interface RemoteCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

type Sdk = typeof import('@aws-sdk/client-dynamodb')
type SdkClient = InstanceType<Sdk['DynamoDBClient']>

/** A client for tables elsewhere. `close` ends its connections. */
export interface RemoteDynamoDB extends DynamoDBClient {
  send(operation: string, input: Record<string, unknown>, scope?: Scope): Promise<Record<string, unknown>>
  close(): void
}

/**
 * Tables of another endpoint or of AWS, with the embedded engine's answers: binary as base64 text, times in seconds,
 * errors as `AwsError`. The AWS SDK is loaded with the first call.
 */
export function createRemoteDynamoDB(options: RemoteDynamoDBOptions): RemoteDynamoDB {
  const clients = new Map<string, SdkClient>()
  let loading: Promise<Sdk> | undefined
  const clientOf = (sdk: Sdk, region: string): SdkClient => {
    let client = clients.get(region)
    if (client === undefined) {
      client = new sdk.DynamoDBClient({
        region,
        ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
        ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
        maxAttempts: options.maxAttempts ?? 3,
      })
      clients.set(region, client)
    }
    return client
  }
  return {
    async send(operation, input, scope) {
      const model = serviceModel('dynamodb')
      const described = Object.hasOwn(model.operations, operation) ? model.operations[operation] : undefined
      if (described === undefined) throw new AwsError('UnknownOperationException', '')
      loading ??= import('@aws-sdk/client-dynamodb')
      const sdk = await loading
      const Command = commandOf(sdk, operation)
      const given = translate(model, described.input?.shape, input, toSdk)
      try {
        const { $metadata: _, ...output } = (await clientOf(sdk, scope?.region ?? options.region).send(
          new Command(given as never) as never,
        )) as unknown as Record<string, unknown>
        return translate(model, described.output?.shape, output, fromSdk) as Record<string, unknown>
      } catch (error) {
        throw awsError(model, error)
      }
    },
    close() {
      for (const client of clients.values()) client.destroy()
      clients.clear()
    },
  }
}

function commandOf(sdk: Sdk, operation: string): new (input: never) => unknown {
  const command = (sdk as unknown as Record<string, unknown>)[`${operation}Command`]
  if (typeof command !== 'function')
    throw new AwsError('UnknownOperationException', `The AWS SDK in use does not know the operation ${operation}`)
  return command as new (
    input: never,
  ) => unknown
}

type Translate = (type: 'blob' | 'timestamp', value: unknown) => unknown

const toSdk: Translate = (type, value) => {
  if (type === 'blob') return typeof value === 'string' ? Buffer.from(value, 'base64') : value
  return typeof value === 'number' ? new Date(value * 1_000) : value
}

const fromSdk: Translate = (type, value) => {
  if (type === 'blob') return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
  return value instanceof Date ? value.getTime() / 1_000 : value
}

/** Copies a value, with its blobs and times (as the model has them) translated. */
function translate(model: ServiceModel, shapeName: string | undefined, value: unknown, change: Translate): unknown {
  const shape = shapeName === undefined ? undefined : model.shapes[shapeName]
  if (shape === undefined || value === undefined || value === null) return value
  switch (shape.type) {
    case 'blob':
    case 'timestamp':
      return change(shape.type, value)
    case 'list':
      return Array.isArray(value) ? value.map((member) => translate(model, shape.member?.shape, member, change)) : value
    case 'map':
      return typeof value === 'object'
        ? Object.fromEntries(
            Object.entries(value).map(([key, member]) => [key, translate(model, shape.value?.shape, member, change)]),
          )
        : value
    case 'structure':
      return typeof value === 'object'
        ? Object.fromEntries(
            Object.entries(value)
              .filter(([, member]) => member !== undefined)
              .map(([name, member]) => {
                const known = Object.hasOwn(shape.members ?? {}, name) ? shape.members?.[name]?.shape : undefined
                return [name, translate(model, known, member, change)]
              }),
          )
        : value
    default:
      return value
  }
}

/** An answer of the service as the embedded engine throws it; what never reached it stays what it is, with a code. */
function awsError(model: ServiceModel, error: unknown): AwsError {
  if (!(error instanceof Error)) return new AwsError('InternalServerError', String(error), { statusCode: 500 })
  const { $metadata, $fault } = error as { $metadata?: { httpStatusCode?: number }; $fault?: unknown }
  if ($fault === undefined || $metadata?.httpStatusCode === undefined)
    return new AwsError(
      'DynamoDBUnavailable',
      `DynamoDB cannot be reached: ${error.message === '' ? error.name : error.message}`,
      { statusCode: 503, cause: error },
    )
  const shape = Object.hasOwn(model.shapes, error.name) ? model.shapes[error.name] : undefined
  const details: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(shape?.members ?? {})) {
    const value = (error as unknown as Record<string, unknown>)[name]
    if (value === undefined || name.toLowerCase() === 'message') continue
    details[name] = translate(model, member.shape, value, fromSdk)
  }
  return new AwsError(error.name, error.message, { statusCode: $metadata.httpStatusCode, details, cause: error })
}
