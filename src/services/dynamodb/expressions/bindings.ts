import { type AttributeType, type AttributeValue, type Item, readValue, typeOf } from '../attributeValue.ts'
import { RequestError, serializationError } from '../errors.ts'
import type { PathStep } from './ast.ts'
import type { Path } from './path.ts'
import { isReservedWord } from './reservedWords.ts'
import { ExpressionError } from './tokens.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters */
export const MAX_EXPRESSION_BYTES = 4_096
export const MAX_OPERATORS = 300

const NAME_KEY = /^#[0-9a-zA-Z_]+$/
const VALUE_KEY = /^:[0-9a-zA-Z_]+$/

/** The placeholders of a request: what its expressions' `#names` and `:values` stand for, and which were used. */
export class Bindings {
  readonly #names: ReadonlyMap<string, string>
  readonly #values: ReadonlyMap<string, AttributeValue>
  readonly #unusedNames: Set<string>
  readonly #unusedValues: Set<string>

  constructor(names: ReadonlyMap<string, string>, values: ReadonlyMap<string, AttributeValue>) {
    this.#names = names
    this.#values = values
    this.#unusedNames = new Set(names.keys())
    this.#unusedValues = new Set(values.keys())
  }

  name(placeholder: string): string | undefined {
    this.#unusedNames.delete(placeholder)
    return this.#names.get(placeholder)
  }

  value(placeholder: string): AttributeValue | undefined {
    this.#unusedValues.delete(placeholder)
    return this.#values.get(placeholder)
  }

  /** Refuses placeholders that no expression used. */
  checkUsed(): void {
    if (this.#unusedNames.size > 0)
      throw new RequestError(
        `Value provided in ExpressionAttributeNames unused in expressions: keys: {${[...this.#unusedNames].join(', ')}}`,
      )
    if (this.#unusedValues.size > 0)
      throw new RequestError(
        `Value provided in ExpressionAttributeValues unused in expressions: keys: {${[...this.#unusedValues].join(', ')}}`,
      )
  }
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>()

/** Reads `ExpressionAttributeNames` and `ExpressionAttributeValues`. Throws DynamoDB's ValidationException. */
export function readBindings(names: unknown, values: unknown): Bindings {
  return new Bindings(
    names === undefined || names === null ? NOTHING : readNames(names),
    values === undefined || values === null ? NOTHING : readValues(values),
  )
}

function readNames(input: unknown): Map<string, string> {
  const names = new Map<string, string>()
  for (const [key, name] of Object.entries(mapOf(input))) {
    if (!NAME_KEY.test(key))
      throw new RequestError(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`)
    if (typeof name !== 'string') throw serializationError('Unexpected field type')
    if (name === '')
      throw new RequestError(
        `ExpressionAttributeNames contains invalid value: The parameter cannot be an empty string for key ${key}`,
      )
    names.set(key, name)
  }
  if (names.size === 0) throw new RequestError('ExpressionAttributeNames must not be empty')
  return names
}

function readValues(input: unknown): Map<string, AttributeValue> {
  const values = new Map<string, AttributeValue>()
  const entries = Object.entries(mapOf(input))
  if (entries.length === 0) throw new RequestError('ExpressionAttributeValues must not be empty')
  for (const [key] of entries) {
    if (!VALUE_KEY.test(key))
      throw new RequestError(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${key}"`)
  }
  for (const [key, value] of entries) {
    try {
      values.set(key, readValue(value))
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      throw new RequestError(
        error.message,
        `ExpressionAttributeValues contains invalid value: ${error.older} for key ${key}`,
      )
    }
  }
  return values
}

function mapOf(input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw serializationError('Unexpected field type')
  return input as Record<string, unknown>
}

/** The first problem of each kind, to report the one of the kind that DynamoDB looks at first. */
export class Problems<Kind extends string> {
  readonly #found = new Map<Kind, string>()

  note(kind: Kind, message: string): void {
    if (!this.#found.has(kind)) this.#found.set(kind, message)
  }

  first(order: readonly Kind[]): string | undefined {
    if (this.#found.size === 0) return undefined
    for (const kind of order) {
      const message = this.#found.get(kind)
      if (message !== undefined) return message
    }
    return undefined
  }

  throwFirst(order: readonly Kind[]): void {
    const message = this.first(order)
    if (message !== undefined) throw new ExpressionError(message)
  }
}

/** Resolves a path's placeholders, noting reserved words and undefined names. */
export function resolvePath(
  steps: readonly PathStep[],
  bindings: Bindings,
  note: (kind: 'reserved' | 'undefined', message: string) => void,
): Path {
  const path: (string | number)[] = new Array(steps.length)
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as PathStep
    if (typeof step === 'number') path[index] = step
    else if ('name' in step) {
      if (isReservedWord(step.name))
        note('reserved', `Attribute name is a reserved keyword; reserved keyword: ${step.name}`)
      path[index] = step.name
    } else {
      const name = bindings.name(step.placeholder)
      if (name === undefined)
        note(
          'undefined',
          `An expression attribute name used in the document path is not defined; attribute name: ${step.placeholder}`,
        )
      path[index] = name ?? ''
    }
  }
  return path as unknown as Path
}

/** What checks show of an operand whose value is known before any item is read. */
export function immediateType(value: AttributeValue | undefined): AttributeType | undefined {
  return value === undefined ? undefined : typeOf(value)
}

export type ItemTest = (item: Item) => boolean
