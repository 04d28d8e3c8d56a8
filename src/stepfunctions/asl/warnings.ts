import type { Diagnostic } from './diagnostics.ts'
import { isObject, type JsonObject, member } from './json.ts'
import { parseDefinition } from './parseDefinition.ts'

const TEMPLATES = ['Parameters', 'ResultSelector', 'ItemSelector', 'Assign']
const LITERALS: Readonly<Record<string, readonly string[]>> = { Fail: ['Error', 'Cause'], Wait: ['Timestamp'] }
const PATH = /^\${1,2}[.[]/
const INTRINSIC_FUNCTION = /^States\.[A-Za-z0-9]+\(/

/**
 * What is allowed in a definition but probably not meant: paths and function calls where JSONPath states take them as
 * texts. Nothing for a definition that cannot be read.
 */
export function warningsOf(definition: string): Diagnostic[] {
  const parsed = parseDefinition(definition)
  if ('problem' in parsed) return []
  const warnings: Diagnostic[] = []
  const language = member(parsed.fields, 'QueryLanguage')
  const blocks: [block: JsonObject, location: string][] = [[parsed.fields, '']]
  // The list grows while it is read.
  for (const [block, location] of blocks) {
    for (const [name, state] of Object.entries(objectOr(member(block, 'States')))) {
      if (!isObject(state)) continue
      const place = `${location}/States/${name}`
      if ((member(state, 'QueryLanguage') ?? language) !== 'JSONata') {
        for (const found of stateWarnings(state, place)) warnings.push(found)
      }
      for (const [inner, field] of innerBlocks(state)) blocks.push([inner, `${place}/${field}`])
    }
  }
  return warnings
}

function* innerBlocks(state: JsonObject): Generator<[block: JsonObject, field: string]> {
  for (const [at, branch] of arrayOr(member(state, 'Branches')).entries()) {
    if (isObject(branch)) yield [branch, `Branches[${at}]`]
  }
  for (const field of ['ItemProcessor', 'Iterator']) {
    const block = member(state, field)
    if (isObject(block)) yield [block, field]
  }
}

function* stateWarnings(state: JsonObject, place: string): Generator<Diagnostic> {
  for (const field of TEMPLATES) {
    for (const key of textsThatLookDynamic(member(state, field))) {
      const message = `The value of '${key}' looks like a path or an intrinsic function, but the field's name does not end with '.$'`
      yield warning('NO_DOLLAR', message, `${place}/${field}`)
    }
  }
  const type = member(state, 'Type')
  if (type === 'Pass' && !textsThatLookDynamic(member(state, 'Result')).next().done) {
    yield warning(
      'PASS_RESULT_IS_STATIC',
      'The result of a Pass state is static; a path in it is a text',
      `${place}/Result`,
    )
  }
  for (const field of LITERALS[String(type)] ?? []) yield* literalWarning(state, field, place)
  for (const [at, rule] of arrayOr(member(state, 'Choices')).entries())
    yield* ruleWarnings(rule, `${place}/Choices[${at}]`)
}

function* ruleWarnings(choice: unknown, place: string): Generator<Diagnostic> {
  const rules: [rule: unknown, place: string][] = [[choice, place]]
  // The list grows while it is read.
  for (const [rule, at] of rules) {
    for (const [field, value] of Object.entries(objectOr(rule))) {
      if (field === 'Not') rules.push([value, `${at}/Not`])
      for (const [index, inner] of arrayOr(value).entries()) rules.push([inner, `${at}/${field}[${index}]`])
      if (/^(?:String|Timestamp)/.test(field)) yield* literalWarning(objectOr(rule), field, at)
    }
  }
}

function* literalWarning(fields: JsonObject, field: string, place: string): Generator<Diagnostic> {
  const value = member(fields, field)
  if (field.endsWith('Path') || typeof value !== 'string' || !PATH.test(value)) return
  const message = `The value of '${field}' looks like a path, but the field's name does not end with 'Path'`
  yield warning('NO_PATH', message, `${place}/${field}`)
}

/** The keys, at any depth, of texts that look like a path or a function call but are texts. */
function* textsThatLookDynamic(template: unknown): Generator<string> {
  const values: [value: unknown, key: string][] = [[template, '']]
  for (let next = values.pop(); next !== undefined; next = values.pop()) {
    const [value, key] = next
    if (typeof value === 'string') {
      if (!key.endsWith('.$') && (PATH.test(value) || INTRINSIC_FUNCTION.test(value))) yield key
    } else if (Array.isArray(value)) {
      for (const item of value) values.push([item, key])
    } else if (isObject(value)) {
      for (const [inner, item] of Object.entries(value)) values.push([item, inner])
    }
  }
}

function warning(code: Diagnostic['code'], message: string, location: string): Diagnostic {
  return { severity: 'WARNING', code, message, location }
}

function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

function arrayOr(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
