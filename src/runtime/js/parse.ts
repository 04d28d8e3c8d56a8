import { type Program, parse as parseModule } from 'acorn'
import { type CodeProblem, ResolverSyntaxError } from '../context.ts'
import type { SourceText } from './sourceText.ts'

/** The longest code that a resolver or function may have (API reference, `Resolver.code`). */
export const MAX_CODE_LENGTH = 32_768

/** The message of everything that is wrong with a program before it runs. */
export const CODE_ERROR_MESSAGE = 'The code contains one or more errors.'

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
  try {
    return parseModule(text.code, { ecmaVersion: 2022, sourceType: 'module' })
  } catch (error) {
    if (error instanceof RangeError || String((error as Error).message).startsWith('Not enough stack space')) {
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
