import { type ModelName, type ServiceModel, type Shape, serviceModel } from '../../aws/model.ts'
import { type ConstraintViolation, constraintMessage } from '../../aws/validateShape.ts'
import { serializationError, validationError } from './errors.ts'
import { NAMES_MEMBERS } from './wording.ts'

/** A request's members, as parsed. */
export type Input = Readonly<Record<string, unknown>>

type Check = (value: unknown, path: string, out: ConstraintViolation[]) => void

/** DynamoDB reports no more than this many. */
const MAX_REPORTED = 10

/** Attribute values and placeholders are read (and so checked) by those who use them. */
const READ_ELSEWHERE: ReadonlySet<string> = new Set([
  'AttributeValue',
  'AttributeMap',
  'Key',
  'PutItemInputAttributeMap',
  'ExpressionAttributeValueMap',
  'ExpressionAttributeNameMap',
])

/** The model allows ARNs where tables are named; names are what this engine's tables have. */
const ITEM_TABLE_NAME: Shape = { type: 'string', min: 1, max: 255, pattern: '[a-zA-Z0-9_.-]+' }
const TABLE_NAME: Shape = { ...ITEM_TABLE_NAME, min: 3 }

/** What names a table by its ARN, where an operation takes one. */
const TABLE_ARN = /^arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table\/[a-zA-Z0-9_.-]{3,255}$/

/** Operations on tables ask for longer names than those on items. */
const TABLE_OPERATIONS: ReadonlySet<string> = new Set([
  'CreateTable',
  'UpdateTable',
  'DeleteTable',
  'DescribeTable',
  'UpdateTimeToLive',
  'DescribeTimeToLive',
])

/** Operations that say of a missing table name that the parameter is required. */
const REQUIRES_TABLE_NAME: ReadonlySet<string> = new Set(['CreateTable', 'UpdateTable', 'DeleteTable', 'DescribeTable'])

/** Members that DynamoDB looks at before the others, in its order. */
const FIRST_MEMBERS: readonly string[] = [
  'ClientRequestToken',
  'Select',
  'IndexName',
  'RequestItems',
  'ReturnConsumedCapacity',
  'TableName',
  'Item',
  'ReturnItemCollectionMetrics',
  'ReturnValues',
  'Key',
  'GlobalSecondaryIndexes',
]

/** Enumerations in the order in which DynamoDB's messages list them, where it is not the model's. */
const ENUM_ORDER: Readonly<Record<string, readonly string[]>> = {
  AttributeType: ['B', 'N', 'S'],
  ScalarAttributeType: ['B', 'N', 'S'],
  ProjectionType: ['ALL', 'INCLUDE', 'KEYS_ONLY'],
  ReturnConsumedCapacity: ['INDEXES', 'TOTAL', 'NONE'],
  ReturnItemCollectionMetrics: ['SIZE', 'NONE'],
  ReturnValue: ['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'],
  Select: ['SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'],
  StreamViewType: ['OLD_IMAGE', 'KEYS_ONLY', 'NEW_AND_OLD_IMAGES', 'NEW_IMAGE'],
}

/**
 * Makes the check of an operation's input against the service's model: types (SerializationException), required
 * members and limits (ValidationException, all of them at once).
 */
export function createInputCheck(modelName: ModelName): (operation: string, input: unknown) => Input {
  const checks = new Map<string, Check>()
  return (operation, input) => {
    let check = checks.get(operation)
    if (check === undefined) {
      const model = serviceModel(modelName)
      const shape = Object.hasOwn(model.operations, operation) ? model.operations[operation]?.input?.shape : undefined
      check =
        shape === undefined
          ? () => {}
          : compile(model, shape, new Map(), TABLE_OPERATIONS.has(operation) ? TABLE_NAME : ITEM_TABLE_NAME)
      checks.set(operation, check)
    }
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      throw serializationError('Start of structure or map found where not expected')
    const given = input as Input
    if (REQUIRES_TABLE_NAME.has(operation) && (given['TableName'] === undefined || given['TableName'] === null))
      throw validationError("The parameter 'TableName' is required but was not present in the request")
    const violations: ConstraintViolation[] = []
    check(input, '', violations)
    if (violations.length > 0) throw validationError(messageOf(operation, violations.slice(0, MAX_REPORTED)))
    return given
  }
}

/** Marks in a path the members of structures, whose first letter most messages write small. */
const MEMBER = '\u0001'

function messageOf(operation: string, violations: readonly ConstraintViolation[]): string {
  // The newer checks of some operations name what is too long or out of range, and report it alone.
  const named = NAMES_MEMBERS.has(operation) ? violations.find(({ constraint }) => SIZE.test(constraint)) : undefined
  if (named !== undefined)
    return `1 validation error detected: Value at '${named.path.replaceAll(MEMBER, '')}' failed to satisfy constraint: ${named.constraint}`
  // BatchWriteItem looks at its map only when nothing else is wrong.
  const others = operation === 'BatchWriteItem' ? violations.filter(({ path }) => path !== REQUEST_ITEMS) : []
  return constraintMessage(
    (others.length > 0 ? others : violations).map((violation) => ({
      ...violation,
      path: violation.path.replace(/\u0001(.)/g, (_, letter: string) => letter.toLowerCase()),
    })),
  )
}

const REQUEST_ITEMS = `${MEMBER}RequestItems`

const SIZE = /^Member must have (?:length|value)/

function compile(model: ServiceModel, name: string, made: Map<string, Check>, tableName: Shape): Check {
  const known = made.get(name)
  if (known !== undefined) return known
  if (READ_ELSEWHERE.has(name)) return () => {}
  let actual: Check | undefined
  // Shapes can contain themselves.
  made.set(name, (value, path, out) => actual?.(value, path, out))
  const shape =
    name === 'TableArn' ? tableName : name === 'WriteRequests' ? unbounded(model.shapes[name]) : model.shapes[name]
  actual = compileShape(shape, ENUM_ORDER[name], (member) => compile(model, member, made, tableName))
  made.set(name, actual)
  return actual
}

/** The lists of a batch are checked with the map that they are in. */
function unbounded(shape: Shape | undefined): Shape | undefined {
  if (shape === undefined) return undefined
  const { min: _min, max: _max, ...rest } = shape
  return rest
}

function compileShape(
  shape: Shape | undefined,
  enumOrder: readonly string[] | undefined,
  compileMember: (name: string) => Check,
): Check {
  switch (shape?.type) {
    case 'structure': {
      const required = new Set(shape.required ?? [])
      const members = inOrder(Object.entries(shape.members ?? {})).map(([name, member]) => ({
        name,
        required: required.has(name),
        check: compileMember(member.shape),
      }))
      return (value, path, out) => {
        if (Array.isArray(value)) throw serializationError('Unrecognized collection type class')
        if (typeof value !== 'object' || value === null) throw serializationError('Unexpected field type')
        const given = value as Input
        for (const { name, required: needed, check } of members) {
          const member = Object.hasOwn(given, name) ? given[name] : undefined
          if (member !== undefined && member !== null) check(member, join(path, name), out)
          else if (needed)
            out.push({
              kind: 'constraint',
              path: join(path, name),
              value: null,
              constraint: 'Member must not be null',
            })
        }
      }
    }
    case 'list': {
      const item = shape.member === undefined ? undefined : compileMember(shape.member.shape)
      return (value, path, out) => {
        if (!Array.isArray(value))
          throw serializationError(
            typeof value === 'object' ? 'Start of structure or map found where not expected' : 'Unexpected field type',
          )
        bounded(shape, value.length, value, path, out)
        for (let index = 0; index < value.length && out.length < MAX_REPORTED; index++)
          item?.(value[index], `${path}.${index + 1}.member`, out)
      }
    }
    case 'map': {
      const entry = shape.value === undefined ? undefined : compileMember(shape.value.shape)
      const checkKeys = shape.key?.shape === 'TableArn' ? checkTableNames : undefined
      return (value, path, out) => {
        if (typeof value !== 'object' || value === null) throw serializationError('Unexpected field type')
        if (Array.isArray(value)) throw serializationError('Unrecognized collection type java.util.Map')
        const entries = Object.entries(value)
        bounded(shape, entries.length, value, path, out)
        checkKeys?.(entries, value, path, out)
        for (const [key, member] of entries) entry?.(member, `${path}.${key}.member`, out)
      }
    }
    case 'string': {
      const pattern = shape.pattern === undefined ? undefined : new RegExp(`^(?:${shape.pattern})$`, 'su')
      const values = shape.enum === undefined ? undefined : new Set(enumOrder ?? shape.enum)
      return (value, path, out) => {
        if (typeof value !== 'string') throw notConvertible(value, 'String')
        if (shape === ITEM_TABLE_NAME && TABLE_ARN.test(value)) return
        if (pattern !== undefined && !(value === '' && shape === ITEM_TABLE_NAME) && !pattern.test(value))
          note(out, path, value, `Member must satisfy regular expression pattern: ${shape.pattern}`)
        bounded(shape, value.length, value, path, out)
        if (values !== undefined && !values.has(value))
          note(out, path, value, `Member must satisfy enum value set: [${[...values].join(', ')}]`)
      }
    }
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') throw notConvertible(value, 'Boolean')
      }
    case 'integer':
    case 'long':
    case 'float':
    case 'double': {
      const word = { integer: 'Integer', long: 'Long', float: 'Float', double: 'Double' }[shape.type]
      return (value, path, out) => {
        if (typeof value !== 'number') throw notConvertible(value, word)
        if (shape.min !== undefined && value < shape.min)
          note(out, path, value, `Member must have value greater than or equal to ${shape.min}`)
        if (shape.max !== undefined && value > shape.max)
          note(out, path, value, `Member must have value less than or equal to ${shape.max}`)
      }
    }
    default:
      return () => {}
  }
}

/** Table names that are keys of a map are reported with the whole map. */
function checkTableNames(
  entries: readonly [string, unknown][],
  value: unknown,
  path: string,
  out: ConstraintViolation[],
): void {
  const isName = (name: string): boolean => name.length >= 3 && name.length <= 255 && /^[a-zA-Z0-9_.-]+$/.test(name)
  if (entries.some(([name]) => !isName(name) && !TABLE_ARN.test(name)))
    note(
      out,
      path,
      value,
      'Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member must have length greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]',
    )
  const lists = entries.map(([, list]) => list).filter((list) => Array.isArray(list))
  if (lists.some((list) => list.length < 1 || list.length > MAX_WRITE_REQUESTS)) {
    const shown = entries.map(
      ([name, list]) => `${name}=${Array.isArray(list) && list.length === 0 ? '[]' : JSON.stringify(list)}`,
    )
    out.push({
      kind: 'constraint',
      path,
      value: `{${shown.join(', ')}}`,
      constraint: `Map value must satisfy constraint: [Member must have length less than or equal to ${MAX_WRITE_REQUESTS}, Member must have length greater than or equal to 1]`,
    })
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_WRITE_REQUESTS = 25

function note(out: ConstraintViolation[], path: string, value: unknown, constraint: string): void {
  out.push({ kind: 'constraint', path, value, constraint })
}

function bounded(shape: Shape, length: number, value: unknown, path: string, out: ConstraintViolation[]): void {
  if (shape.min !== undefined && length < shape.min)
    note(out, path, value, `Member must have length greater than or equal to ${shape.min}`)
  if (shape.max !== undefined && length > shape.max)
    note(out, path, value, `Member must have length less than or equal to ${shape.max}`)
}

function inOrder<T>(members: [string, T][]): [string, T][] {
  const rank = (name: string): number => {
    const index = FIRST_MEMBERS.indexOf(name)
    return index === -1 ? FIRST_MEMBERS.length : index
  }
  return members.sort(([one], [two]) => rank(one) - rank(two))
}

function notConvertible(value: unknown, type: string): Error {
  switch (typeof value) {
    case 'boolean':
      return serializationError(`${value ? 'TRUE_VALUE' : 'FALSE_VALUE'} cannot be converted to ${type}`)
    case 'number':
      return serializationError(
        `${Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE'} cannot be converted to ${type}`,
      )
    case 'string':
      return serializationError(`STRING_VALUE cannot be converted to ${type}`)
    default:
      return Array.isArray(value)
        ? serializationError(`Unrecognized collection type class java.lang.${type}`)
        : serializationError('Start of structure or map found where not expected')
  }
}

function join(path: string, name: string): string {
  return path === '' ? MEMBER + name : `${path}.${MEMBER}${name}`
}
