import { ResolverSyntaxError } from '../context.ts'

/** Line and column of an offset, both from 1. LF, CR LF and CR end a line. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let index = 0; index < offset && index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 10 || (code === 13 && text.charCodeAt(index + 1) !== 10)) {
      line++
      start = index + 1
    }
  }
  return { line, column: Math.min(offset, text.length) - start + 1 }
}

/** The error of a template that does not parse, with its place and what was expected there, as Velocity words it. */
export function syntaxError(
  name: string,
  text: string,
  offset: number,
  problem: string,
  expected: readonly string[] = [],
): ResolverSyntaxError {
  const { line, column } = positionOf(text, offset)
  const list = expected.map((token) => `${token} ...\n    `).join('')
  const tail = expected.length === 0 ? '' : `\nWas expecting${expected.length > 1 ? ' one of' : ''}:\n    ${list}`
  return new ResolverSyntaxError(`${problem} at ${name}[line ${line}, column ${column}]${tail}`, [
    { errorType: 'PARSER_ERROR', value: problem + hint(expected), location: { line, column, span: 1 } },
  ])
}

function hint(expected: readonly string[]): string {
  return expected.length === 0 ? '' : `, was expecting ${expected.slice(0, 3).join(' or ')}`
}
