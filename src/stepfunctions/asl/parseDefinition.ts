import type { Diagnostic } from './diagnostics.ts'
import { isObject, type JsonObject } from './json.ts'

export type ParsedDefinition = { fields: JsonObject } | { problem: Diagnostic }

/** Parses the text of a definition; a diagnostic where it is no JSON object. */
export function parseDefinition(text: string): ParsedDefinition {
  if (text.trim() === '') return { problem: notAnObject() }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: syntaxProblem(text) }
  }
  return isObject(value) ? { fields: value } : { problem: notAnObject() }
}

function notAnObject(): Diagnostic {
  return {
    severity: 'ERROR',
    code: 'SCHEMA_VALIDATION_FAILED',
    message: 'Definition must be a valid JSON object',
  }
}

/** A syntax error, worded and located as the service's JSON parser does it. */
function syntaxProblem(text: string): Diagnostic {
  const { position, problem } = scan(text)
  const before = text.slice(0, position)
  const line = before.split('\n').length
  const column = position - (before.lastIndexOf('\n') + 1) + 1
  const source = text.length > 500 ? `${text.slice(0, 500)}"[truncated ${text.length - 500} chars]` : `${text}"`
  const location = `[Source: (String)"${source}; line: ${line}, column: ${column}]`
  return { severity: 'ERROR', code: 'INVALID_JSON_DESCRIPTION', message: `${problem}\n at ${location}`, location }
}

interface Problem {
  position: number
  problem: string
}

const LITERALS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

/** Finds the first place that breaks JSON's grammar. The text is known to break it. */
function scan(text: string): Problem {
  const open: ('{' | '[')[] = []
  let at = 0
  let expects: 'value' | 'firstValue' | 'firstName' | 'name' | 'colon' | 'separator' = 'value'
  const fail = (problem: string, position = at): Problem => ({ position, problem })
  const code = (character: string): string => `('${character}' (code ${character.codePointAt(0)}))`
  for (;;) {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at += 1
    const character = text[at]
    if (character === undefined) {
      const kind = open.at(-1) === '[' ? 'Array' : 'Object'
      return fail(
        open.length === 0
          ? 'No content to map due to end-of-input'
          : `Unexpected end-of-input: expected close marker for ${kind}`,
      )
    }
    switch (expects) {
      case 'colon':
        if (character !== ':') {
          return fail(
            `Unexpected character ${code(character)}: was expecting a colon to separate field name and value`,
            at + 1,
          )
        }
        at += 1
        expects = 'value'
        continue
      case 'separator': {
        const container = open.at(-1)
        if (container === undefined) return fail(`Unexpected character ${code(character)}`, at + 1)
        if (character === (container === '{' ? '}' : ']')) open.pop()
        else if (character === ',') expects = container === '{' ? 'name' : 'value'
        else {
          return fail(
            `Unexpected character ${code(character)}: was expecting comma to separate ${container === '{' ? 'Object' : 'Array'} entries`,
            at + 1,
          )
        }
        at += 1
        continue
      }
      case 'firstName':
      case 'name': {
        if (character === '}' && expects === 'firstName') {
          open.pop()
          at += 1
          expects = 'separator'
          continue
        }
        if (character !== '"') {
          return fail(`Unexpected character ${code(character)}: was expecting double-quote to start field name`, at + 1)
        }
        const end = endOfString(text, at)
        if (typeof end !== 'number') return end
        at = end
        expects = 'colon'
        continue
      }
      default: {
        if (character === ']' && expects === 'firstValue') {
          open.pop()
          at += 1
          expects = 'separator'
          continue
        }
        if (character === '{' || character === '[') {
          open.push(character)
          at += 1
          expects = character === '{' ? 'firstName' : 'firstValue'
          continue
        }
        if (character === '"') {
          const end = endOfString(text, at)
          if (typeof end !== 'number') return end
          at = end
          expects = 'separator'
          continue
        }
        const word = /^[\w$.+-]+/.exec(text.slice(at, at + 256))?.[0]
        if (word === undefined)
          return fail(`Unexpected character ${code(character)}: expected a valid value ${LITERALS}`, at + 1)
        if (!/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word)) {
          const token = /^[A-Za-z_$][\w$]*/.exec(word)?.[0]
          return token === undefined
            ? fail(`Unexpected character ${code(character)}: expected a valid value ${LITERALS}`, at + 1)
            : fail(`Unrecognized token '${token}': was expecting ${LITERALS}`, at + token.length)
        }
        at += word.length
        expects = 'separator'
      }
    }
  }
}

/** The position behind a quoted text, or what is wrong with it. */
function endOfString(text: string, start: number): number | Problem {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at]!
    if (character === '"') return at + 1
    if (character < ' ') {
      return {
        position: at + 1,
        problem: `Illegal unquoted character ((CTRL-CHAR, code ${character.charCodeAt(0)})): has to be escaped using backslash to be included in string value`,
      }
    }
    if (character !== '\\') continue
    at += 1
    const escaped = text[at] ?? ''
    if (escaped !== '' && !'"\\/bfnrtu'.includes(escaped)) {
      return {
        position: at + 1,
        problem: `Unrecognized character escape '${escaped}' (code ${escaped.charCodeAt(0)})`,
      }
    }
  }
  return { position: text.length, problem: 'Unexpected end-of-input: was expecting closing quote for a string value' }
}
