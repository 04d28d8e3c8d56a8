import { BudgetSpent, MAX_NESTING } from '../emit/budget.ts'
import { mismatch, NO_SUCH_METHOD, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { entriesOf, isAbsent, isList, isMap, isNumber, jsonText, newMap, type PlainMap, plainCopy } from './values.ts'

/**
 * A value as a DynamoDB attribute value. Numbers stay numbers (`{"N": 10}`) and null is `{"NULL": null}`, as the service
 * answers; a data source writes what the DynamoDB API wants. Ordered ones are `Map`s, which keep Java's order; otherwise
 * the result is plain objects all through.
 */
export function attributeValue(
  environment: UtilEnvironment,
  value: unknown,
  isOrdered = environment.language === 'VTL',
  depth = 0,
): AttributeValue {
  if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
  environment.charge(1)
  environment.allocate(32)
  const single = isOrdered ? singleVtl : singlePlain
  if (isAbsent(value)) return single('NULL', null)
  if (typeof value === 'string') return single('S', value)
  if (typeof value === 'boolean') return single('BOOL', value)
  if (isNumber(value)) return single('N', value)
  if (isList(value)) {
    const elements = value.map((element) => attributeValue(environment, element, isOrdered, depth + 1))
    return single('L', elements)
  }
  if (isMap(value)) return single('M', attributeValues(environment, value, isOrdered, depth + 1))
  return single('NULL', null)
}

/** In VTL a `Map`: plain objects there hold nothing but JSON data. */
export type AttributeValue = PlainMap | Map<string, unknown>

function singlePlain(type: string, value: unknown): PlainMap {
  const result = newMap()
  result[type] = value
  return result
}

function singleVtl(type: string, value: unknown): Map<string, unknown> {
  return new Map().set(type, value)
}

function single(environment: UtilEnvironment, type: string, value: unknown): AttributeValue {
  return environment.language === 'VTL' ? singleVtl(type, value) : singlePlain(type, value)
}

/** Each member of a map as attribute value: what `M` holds. */
export function attributeValues(
  environment: UtilEnvironment,
  map: Map<string, unknown> | PlainMap,
  isOrdered = environment.language === 'VTL',
  depth = 0,
): Map<string, unknown> | PlainMap {
  const members = entriesOf(map).filter(([, member]) => member !== undefined)
  const result = isOrdered ? new Map<string, unknown>() : newMap()
  for (const [key, member] of members) {
    const value = attributeValue(environment, member, isOrdered, depth)
    if (result instanceof Map) result.set(key, value)
    else result[key] = value
  }
  return result
}

type Converter = (environment: UtilEnvironment, args: readonly unknown[]) => unknown

/** One argument that passes a test; null gives null, as the service's own functions do. */
function typed(type: string, test: (value: unknown) => boolean): Converter {
  return (environment, args) => {
    const [value] = args
    if (isAbsent(value) && args.length <= 1) return null
    if (args.length !== 1 || !test(value)) return mismatch(environment)
    return single(environment, type, value)
  }
}

const isText = (value: unknown) => typeof value === 'string'
const isListOf = (test: (value: unknown) => boolean) => (value: unknown) => isList(value) && value.every(test)

const toS3Object: Converter = (environment, args) => {
  const [key, bucket, region, version] = args
  if (args.length < 3 || args.length > 4 || !args.every((value) => isAbsent(value) || isText(value))) {
    return mismatch(environment)
  }
  const s3 = args.length === 4 ? { key, bucket, region, version } : { key, bucket, region }
  return single(environment, 'S', jsonText(environment, { s3 }))
}

const converters: Record<string, Converter> = {
  toDynamoDB: (environment, args) =>
    args.length === 1 || environment.language === 'APPSYNC_JS' ? attributeValue(environment, args[0]) : NO_SUCH_METHOD,
  toString: typed('S', isText),
  toStringSet: typed('SS', isListOf(isText)),
  toNumber: typed('N', isNumber),
  toNumberSet: typed('NS', isListOf(isNumber)),
  toBinary: typed('B', isText),
  toBinarySet: typed('BS', isListOf(isText)),
  toBoolean: typed('BOOL', (value) => typeof value === 'boolean'),
  toNull: (environment) => single(environment, 'NULL', null),
  toList: (environment, [value]) => {
    if (isAbsent(value)) return null
    return isList(value) ? attributeValue(environment, value) : mismatch(environment)
  },
  toMap: (environment, [value]) => {
    if (isAbsent(value)) return null
    return isMap(value) ? attributeValue(environment, value) : mismatch(environment)
  },
  toMapValues: (environment, [value]) => {
    if (isAbsent(value)) return null
    return isMap(value) ? attributeValues(environment, value) : mismatch(environment)
  },
  toS3Object,
}

/**
 * `util.dynamodb.fromS3ObjectJson(text)`: the S3 object that an attribute made by `toS3Object` describes.
 */
const fromS3ObjectJson: UtilFunction = (environment, args) => {
  const [text] = args
  if (args.length !== 1 || typeof text !== 'string') return mismatch(environment)
  environment.charge(text.length)
  environment.allocate(text.length)
  try {
    const parsed: unknown = JSON.parse(text)
    const object = isMap(parsed) && Object.hasOwn(parsed, 's3') ? (parsed as PlainMap)['s3'] : parsed
    // As maps that inherit nothing, which a parsed text has not.
    return plainCopy(environment, object)
  } catch {
    return null
  }
}

function table(members: Record<string, UtilFunction>): Record<string, UtilFunction> {
  return Object.assign(newMap() as Record<string, UtilFunction>, members)
}

/** In APPSYNC_JS: objects only. */
export const dynamodb: Record<string, UtilFunction> = table({ ...converters, fromS3ObjectJson })

/** In VTL: each function also as `…Json`, which gives the JSON text of the object. */
export const vtlDynamodb: Record<string, UtilFunction> = table(converters)
for (const [name, convert] of Object.entries(converters)) {
  vtlDynamodb[`${name}Json`] = (environment, args) => {
    const value = convert(environment, args)
    return value === NO_SUCH_METHOD ? value : jsonText(environment, value)
  }
}
vtlDynamodb['fromS3ObjectJson'] = fromS3ObjectJson
