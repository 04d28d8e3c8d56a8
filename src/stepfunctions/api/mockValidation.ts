import { AwsError } from '../../aws/errors.ts'
import { type ModelName, type ServiceModel, type Shape, serviceModel } from '../../aws/model.ts'
import { isObject } from '../asl/json.ts'
import { parseTaskResource } from '../tasks/resource.ts'

/** How closely a mocked result is held against the API of the service that it stands for. */
export type FieldValidationMode = 'STRICT' | 'PRESENT' | 'NONE'

/** Services of integrations whose models are here, by the names that resources have for them. */
const MODELS: ReadonlyMap<string, ModelName> = new Map([
  ['states', 'stepfunctions'],
  ['sfn', 'stepfunctions'],
  ['dynamodb', 'dynamodb'],
  ['dynamodbstreams', 'dynamodbstreams'],
  ['lambda', 'lambda'],
  ['appsync', 'appsync'],
  ['cognitoidentityprovider', 'cognito-idp'],
  ['cognitoidentity', 'cognito-identity'],
])

/** Answers of services whose models are not here, in the models' form. */
const OTHERS: ServiceModel = {
  metadata: {},
  operations: {},
  shapes: {
    'events:putEvents': {
      type: 'structure',
      members: { FailedEntryCount: ref('Integer'), Entries: ref('EventEntries') },
    },
    EventEntries: { type: 'list', member: ref('EventEntry') },
    EventEntry: {
      type: 'structure',
      members: { EventId: ref('String'), ErrorCode: ref('String'), ErrorMessage: ref('String') },
    },
    'sqs:sendMessage': {
      type: 'structure',
      members: {
        MessageId: ref('String'),
        MD5OfMessageBody: ref('String'),
        MD5OfMessageAttributes: ref('String'),
        MD5OfMessageSystemAttributes: ref('String'),
        SequenceNumber: ref('String'),
      },
    },
    'sns:publish': { type: 'structure', members: { MessageId: ref('String'), SequenceNumber: ref('String') } },
    Integer: { type: 'integer' },
    String: { type: 'string' },
  },
}

function ref(shape: string): { shape: string } {
  return { shape }
}

interface Answer {
  model: ServiceModel
  shape: string
}

/** The shape of what a Task's resource answers; undefined where nothing is known about it. */
function answerOf(resource: string): Answer | undefined {
  const parsed = parseTaskResource(resource)
  if (parsed.kind !== 'service' || parsed.pattern === 'waitForTaskToken') return undefined
  const name = MODELS.get(parsed.service)
  if (name === undefined) {
    const shape = `${parsed.service}:${parsed.action}`
    return Object.hasOwn(OTHERS.shapes, shape) ? { model: OTHERS, shape } : undefined
  }
  const model = serviceModel(name)
  // What waits for the end of an execution answers with its description.
  const action = parsed.pattern === 'requestResponse' ? parsed.action : 'describeExecution'
  const wanted = action.charAt(0).toUpperCase() + action.slice(1)
  const output = Object.hasOwn(model.operations, wanted) ? model.operations[wanted]?.output?.shape : undefined
  return output === undefined ? undefined : { model, shape: output }
}

/** Refuses a mocked result that the service could not have given. */
export function checkMockResult(resource: string, result: unknown, mode: FieldValidationMode): void {
  if (mode === 'NONE') return
  const answer = answerOf(resource)
  if (answer === undefined) return
  check(answer.model, answer.shape, result, 'Result', mode)
}

function refuse(message: string): never {
  throw new AwsError('ValidationException', `Mock result schema validation error: ${message}`)
}

const NOUNS: Readonly<Record<Shape['type'], string>> = {
  structure: 'an object',
  map: 'an object',
  list: 'an array',
  string: 'a string',
  timestamp: 'a string',
  blob: 'a string',
  integer: 'a number',
  long: 'a number',
  float: 'a number',
  double: 'a number',
  boolean: 'a boolean',
}

function check(model: ServiceModel, shapeName: string, value: unknown, field: string, mode: FieldValidationMode): void {
  const shape = model.shapes[shapeName]
  if (shape === undefined || value === null || value === undefined) return
  const wrong = (): never => refuse(`Field '${field}' must be ${NOUNS[shape.type]}`)
  switch (shape.type) {
    case 'structure': {
      if (!isObject(value)) return wrong()
      checkMembers(model, shape, value, mode)
      return
    }
    case 'map':
      if (!isObject(value)) return wrong()
      for (const item of Object.values(value))
        if (shape.value !== undefined) check(model, shape.value.shape, item, field, mode)
      return
    case 'list':
      if (!Array.isArray(value)) return wrong()
      for (const item of value) if (shape.member !== undefined) check(model, shape.member.shape, item, field, mode)
      return
    case 'string':
    case 'timestamp':
      if (typeof value !== 'string') return wrong()
      if (shape.enum !== undefined && !shape.enum.includes(value)) refuse(`Field '${field}' is not an expected value`)
      return
    case 'blob':
      // A payload is any JSON: the integration has parsed it.
      return
    case 'boolean':
      if (typeof value !== 'boolean') wrong()
      return
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      if (typeof value !== 'number') return wrong()
      if (shape.min !== undefined && value < shape.min) refuse(`Field '${field}' is less than the minimum value`)
      if (shape.max !== undefined && value > shape.max) refuse(`Field '${field}' exceeds the maximum value`)
      return
    default:
      shape.type satisfies never
  }
}

function checkMembers(
  model: ServiceModel,
  shape: Shape,
  value: Record<string, unknown>,
  mode: FieldValidationMode,
): void {
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    // Integrations write members as the SDK for Java does, with a capital first letter.
    const field = name.charAt(0).toUpperCase() + name.slice(1)
    if (Object.hasOwn(value, field)) check(model, member.shape, value[field], field, mode)
    else if (mode === 'STRICT' && shape.required?.includes(name) === true)
      refuse(`Required field '${field}' is missing`)
  }
}
