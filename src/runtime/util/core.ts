import type { ResolverError } from '../context.ts'
import { base64Decode, base64Encode, escapeJavaScript, urlDecode, urlEncode } from './encodings.ts'
import { failure, mismatch, NO_SUCH_METHOD, type UtilEnvironment, UtilError, type UtilFunction } from './environment.ts'
import { autoId, autoKsuid, autoUlid } from './ids.ts'
import { patternOf } from './regex/replace.ts'
import {
  BigNumber,
  FloatNumber,
  isAbsent,
  isList,
  isMap,
  isNumber,
  jsonText,
  keysOf,
  memberOf,
  newMap,
  plainCopy,
} from './values.ts'

/** A utility on one text. In VTL another type finds no method; null is answered as Java's null would be: with an error. */
function onText(name: string, work: (text: string) => string): UtilFunction {
  return (environment, [text]) => {
    if (typeof text !== 'string') {
      if (isAbsent(text)) throw failure(`util.${name} needs a string, not null.`)
      return mismatch(environment)
    }
    environment.charge(text.length)
    const result = work(text)
    environment.allocate(result.length)
    return result
  }
}

/** The error that `util.error` and `util.appendError` describe; undefined when the arguments fit no signature. */
function describedError(environment: UtilEnvironment, args: readonly unknown[]): ResolverError | undefined {
  const [message, errorType, data, errorInfo] = args
  if (environment.language === 'VTL') {
    const isText = (value: unknown) => isAbsent(value) || typeof value === 'string'
    if (args.length < 1 || args.length > 4 || !isText(message) || !isText(errorType)) return undefined
  }
  const error: ResolverError = { message: textOf(message), errorType: isAbsent(errorType) ? null : textOf(errorType) }
  if (!isAbsent(data)) error.data = plainCopy(environment, data)
  if (!isAbsent(errorInfo)) error.errorInfo = plainCopy(environment, errorInfo)
  return error
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (isAbsent(value)) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof FloatNumber || value instanceof BigNumber) return String(value.value)
  return isList(value) ? '[object Array]' : '[object Object]'
}

/** Ends the field; the message, type, data and info go into its error. */
export const error: UtilFunction = (environment, args) => {
  const described = describedError(environment, args)
  if (described === undefined) return mismatch(environment)
  throw new UtilError(described)
}

/** Adds an error to the field's answer and goes on. */
export const appendError: UtilFunction = (environment, args) => {
  const described = describedError(environment, args)
  if (described === undefined) return mismatch(environment)
  environment.charge(1)
  environment.allocate(described.message.length + 32)
  environment.appendedErrors.push(described)
  return environment.language === 'VTL' ? '' : undefined
}

/**
 * Refuses the field. EvaluateCode and EvaluateMappingTemplate answer with the message `Unauthorized`; a GraphQL operation
 * with `Not Authorized to access FIELD on type TYPE`, which the engine makes for errors that have `isUnauthorized`.
 */
export const unauthorized: UtilFunction = () => {
  throw new UtilError({ message: 'Unauthorized', errorType: 'Unauthorized', isUnauthorized: true })
}

export const matches: UtilFunction = (environment, args) => {
  const [source, text] = args
  if (args.length !== 2 || !isTextOrAbsent(source) || !isTextOrAbsent(text)) return mismatch(environment)
  if (isAbsent(source) || isAbsent(text)) throw failure('util.matches needs a pattern and a string, not null.')
  environment.charge(source.length)
  return patternOf(source).matches(text, environment)
}

function isTextOrAbsent(value: unknown): value is string | null | undefined {
  return isAbsent(value) || typeof value === 'string'
}

/** Members that an identity has in each mode, beside which it may have others. */
const IAM_MEMBERS = ['accountId', 'sourceIp', 'username', 'userArn']
const USER_POOL_MEMBERS = ['sourceIp', 'username', 'sub', 'issuer', 'claims', 'defaultAuthStrategy']
const OIDC_MEMBERS = ['sub', 'issuer', 'claims']

/**
 * How the caller was authorized, read back from the shape of the identity as the service does: none is an API key, an
 * empty one or one with a context comes from a Lambda authorizer, and one that fits no mode counts as an API key.
 */
export const authType: UtilFunction = ({ context }) => {
  const identity = context.identity
  if (!isMap(identity)) return 'API Key Authorization'
  const has = (name: string) => !isAbsent(memberOf(identity, name))
  if (keysOf(identity).length === 0 || has('resolverContext') || has('handlerContext')) return 'Lambda Authorization'
  if (IAM_MEMBERS.every(has)) return 'IAM Authorization'
  if (USER_POOL_MEMBERS.every(has)) return 'User Pool Authorization'
  if (OIDC_MEMBERS.every(has) && !has('username')) return 'Open ID Connect Authorization'
  return 'API Key Authorization'
}

const escapeText = onText('escapeJavaScript', escapeJavaScript)

/** Utilities of both languages. */
export const core = {
  error,
  appendError,
  unauthorized,
  matches,
  authType,
  autoId: (environment: UtilEnvironment) => autoId(environment),
  autoUlid: (environment: UtilEnvironment) => autoUlid(environment),
  autoKsuid: (environment: UtilEnvironment) => autoKsuid(environment),
  // Null stays null, as Apache Commons has it.
  escapeJavaScript: (environment: UtilEnvironment, args: readonly unknown[]) =>
    args.length === 1 && isAbsent(args[0]) ? null : escapeText(environment, args),
  urlEncode: onText('urlEncode', urlEncode),
  urlDecode: onText('urlDecode', urlDecode),
  base64Encode: onText('base64Encode', base64Encode),
  base64Decode: onText('base64Decode', base64Decode),
} satisfies Record<string, UtilFunction>

// What follows is only in VTL: JavaScript has operators of its own for these.

/** One argument of any type. */
function predicate(test: (value: unknown) => boolean): UtilFunction {
  return (_environment, args) => (args.length === 1 ? test(args[0]) : NO_SUCH_METHOD)
}

/** Java's `String` parameter: other types find no method. */
function textPredicate(test: (value: string | null | undefined) => boolean): UtilFunction {
  return (_environment, args) => (args.length === 1 && isTextOrAbsent(args[0]) ? test(args[0]) : NO_SUCH_METHOD)
}

function textDefault(isMissing: (value: string | null | undefined) => boolean): UtilFunction {
  return (_environment, args) => {
    const [value, fallback] = args
    if (args.length !== 2 || !isTextOrAbsent(value) || !isTextOrAbsent(fallback)) return NO_SUCH_METHOD
    return isMissing(value) ? fallback : value
  }
}

const isEmpty = (value: string | null | undefined) => isAbsent(value) || value === ''
const isBlank = (value: string | null | undefined) => isAbsent(value) || value.trim() === ''

function typeName(value: unknown): string {
  if (isAbsent(value)) return 'Null'
  if (typeof value === 'string') return 'String'
  if (typeof value === 'boolean') return 'Boolean'
  if (isNumber(value)) return 'Number'
  if (isList(value)) return 'List'
  return isMap(value) ? 'Map' : 'Object'
}

const quiet: UtilFunction = () => ''

/** Raises an error (`CustomTemplateException` unless a type is given) when the condition is false. */
const validate: UtilFunction = (environment, args) => {
  const [condition, message, errorType, data] = args
  if (args.length < 2 || args.length > 4 || typeof condition !== 'boolean') return NO_SUCH_METHOD
  if (!isTextOrAbsent(message) || (args.length > 2 && !isTextOrAbsent(errorType))) return NO_SUCH_METHOD
  if (condition) return ''
  throw new UtilError({
    message: textOf(message),
    errorType: typeof errorType === 'string' ? errorType : 'CustomTemplateException',
    ...(isAbsent(data) ? {} : { data: plainCopy(environment, data) }),
  })
}

/** `$util.log`: `{}` in the format stand for the further arguments, in order. */
function logger(level: 'INFO' | 'ERROR'): UtilFunction {
  return (environment, args) => {
    if (args.length === 0) return NO_SUCH_METHOD
    const [format, ...values] = args
    let next = 0
    const show = (value: unknown) => (typeof value === 'string' ? value : jsonText(environment, value ?? null))
    const message =
      values.length === 0 || typeof format !== 'string'
        ? args.map(show).join(' ')
        : format.replaceAll('{}', (hole) => (next < values.length ? show(values[next++]) : hole))
    environment.charge(message.length >> 3)
    environment.allocate(message.length)
    environment.logs.push(`${level} - ${message}`)
    return ''
  }
}

const BIG = /\d{16}/

/** `$util.parseJson`. Integers beyond 2⁵³ stay exact. */
const parseJson: UtilFunction = (environment, args) => {
  const [text] = args
  if (args.length !== 1 || !isTextOrAbsent(text)) return NO_SUCH_METHOD
  if (isAbsent(text)) return null
  environment.charge(text.length)
  environment.allocate(text.length * 4)
  try {
    const value: unknown = BIG.test(text) ? JSON.parse(text, exactNumbers) : JSON.parse(text)
    return value
  } catch (cause) {
    throw failure(`Unable to parse the JSON document: '${(cause as Error).message}'`)
  }
}

function exactNumbers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  return source !== undefined && /^-?\d+$/.test(source) && source.length < 1_000 ? new BigNumber(BigInt(source)) : value
}

export const vtlOnly = {
  qr: quiet,
  quiet,
  parseJson,
  toJson: (environment: UtilEnvironment, args: readonly unknown[]) =>
    args.length === 1 ? jsonText(environment, args[0]) : NO_SUCH_METHOD,
  isNull: predicate(isAbsent),
  isNullOrEmpty: textPredicate(isEmpty),
  isNullOrBlank: textPredicate(isBlank),
  defaultIfNull: (_environment: UtilEnvironment, args: readonly unknown[]) =>
    args.length === 2 ? (isAbsent(args[0]) ? args[1] : args[0]) : NO_SUCH_METHOD,
  defaultIfNullOrEmpty: textDefault(isEmpty),
  defaultIfNullOrBlank: textDefault(isBlank),
  isString: predicate((value) => typeof value === 'string'),
  isNumber: predicate(isNumber),
  isBoolean: predicate((value) => typeof value === 'boolean'),
  isList: predicate(isList),
  isMap: predicate(isMap),
  typeOf: (_environment: UtilEnvironment, args: readonly unknown[]) =>
    args.length === 1 ? typeName(args[0]) : NO_SUCH_METHOD,
  validate,
  log: Object.freeze(
    Object.assign(newMap() as Record<string, UtilFunction>, { info: logger('INFO'), error: logger('ERROR') }),
  ),
} satisfies Record<string, UtilFunction | Record<string, UtilFunction>>
