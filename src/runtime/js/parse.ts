import { type Program, parse as parseModule } from 'acorn'
import { type CodeProblem, ResolverSyntaxError } from '../context.ts'
import type { SourceText } from './sourceText.ts'

/** The longest code that a resolver or function may have (API reference, `Resolver.code`). */
export const MAX_CODE_LENGTH = 32_768

/** The message of everything that is wrong with a program before it runs. */
export const CODE_ERROR_MESSAGE = 'The code contains one or more errors.'

/** How deep syntax may be nested; beyond that neither the parser's nor the compiler's stack is safe. */
const MAX_SYNTAX_DEPTH = 400

export function parseCode(text: SourceText): Program {
  if (text.code.length > MAX_CODE_LENGTH) {
    throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, [
      problem(
        text,
        'PARSE_ERROR',
        `The code has ${text.code.length} characters; at most ${MAX_CODE_LENGTH} are allowed.`,
        0,
        0,
      ),
    ])
  }
  if (bracketDepth(text.code) > MAX_SYNTAX_DEPTH) {
    throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, [
      problem(text, 'PARSE_ERROR', `The code is nested more than ${MAX_SYNTAX_DEPTH} levels deep.`, 0, 0),
    ])
  }
  try {
    return parseModule(text.code, { ecmaVersion: 2022, sourceType: 'module' })
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, [
        problem(text, 'PARSE_ERROR', 'The code is nested too deeply.', 0, 0),
      ])
    }
    const at = (error as { pos?: unknown }).pos
    const offset = typeof at === 'number' ? at : 0
    const message = String((error as Error).message).replace(/ \(\d+:\d+\)$/, '')
    throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, [
      typeScriptProblem(text, 'PARSE_ERROR', 1005, message.endsWith('.') ? message : `${message}.`, offset, offset + 1),
    ])
  }
}

/** An upper bound of how deep brackets are nested, whatever is text or comment among them. */
function bracketDepth(code: string): number {
  let depth = 0
  let deepest = 0
  for (let index = 0; index < code.length; index++) {
    const character = code.charCodeAt(index)
    if (character === 40 || character === 91 || character === 123) {
      depth++
      if (depth > deepest) deepest = depth
    } else if ((character === 41 || character === 93 || character === 125) && depth > 0) depth--
  }
  return deepest
}

export function problem(text: SourceText, errorType: string, value: string, start: number, end: number): CodeProblem {
  const { line, column } = text.locate(start)
  return { errorType, value, location: { line, column, span: end - start } }
}

/** A problem in the words of the TypeScript compiler, with which the service checks code: `code.js(1,7): error TS1135: …`. */
export function typeScriptProblem(
  text: SourceText,
  errorType: string,
  code: number,
  message: string,
  start: number,
  end: number,
): CodeProblem {
  const { line, column } = text.locate(start)
  return {
    errorType,
    value: `code.js(${line},${column}): error TS${code}: ${message}\n`,
    location: { line, column, span: end - start },
  }
}
