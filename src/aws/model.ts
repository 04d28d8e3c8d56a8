import { readFileSync } from 'node:fs'

/** Services whose models are in `models/`. */
export type ModelName =
  | 'appsync'
  | 'stepfunctions'
  | 'dynamodb'
  | 'dynamodbstreams'
  | 'lambda'
  | 'cognito-idp'
  | 'cognito-identity'
  | 'sqs'
  | 'sns'
  | 'events'
  | 'logs'

export interface ServiceModel {
  metadata: Readonly<Record<string, unknown>>
  operations: Readonly<Record<string, OperationModel>>
  shapes: Readonly<Record<string, Shape>>
}

export interface OperationModel {
  name: string
  http: { method: string; requestUri: string; responseCode?: number }
  input?: { shape: string }
  /** `resultWrapper` names the element around it in the query protocol. */
  output?: { shape: string; resultWrapper?: string }
  errors?: { shape: string }[]
}

export interface ShapeMember {
  shape: string
  location?: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode'
  locationName?: string
}

export interface Shape {
  type:
    | 'structure'
    | 'list'
    | 'map'
    | 'string'
    | 'integer'
    | 'long'
    | 'float'
    | 'double'
    | 'boolean'
    | 'timestamp'
    | 'blob'
  required?: string[]
  members?: Record<string, ShapeMember>
  member?: ShapeMember
  key?: ShapeMember
  value?: ShapeMember
  enum?: string[]
  min?: number
  max?: number
  pattern?: string
  payload?: string
  union?: boolean
  exception?: boolean
  error?: { code?: string; httpStatusCode?: number; senderFault?: boolean }
}

const loaded = new Map<ModelName, ServiceModel>()

/** Reads a service's model when it is first asked for. */
export function serviceModel(name: ModelName): ServiceModel {
  let model = loaded.get(name)
  if (model === undefined) {
    model = JSON.parse(readFileSync(new URL(`./models/${name}.json`, import.meta.url), 'utf8')) as ServiceModel
    loaded.set(name, model)
  }
  return model
}
