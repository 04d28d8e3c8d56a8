import type { AnyNode } from 'acorn'

export function text(value: string): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (mark) => (mark === '\u2028' ? '\\u2028' : '\\u2029'))
}

export function numberText(value: number): string {
  if (Number.isNaN(value)) return '(0/0)'
  if (!Number.isFinite(value)) return value > 0 ? '(1/0)' : '(-1/0)'
  return Object.is(value, -0) ? '(-0)' : value < 0 ? `(${value})` : String(value)
}

export function literal(value: unknown): string {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return numberText(value)
  return typeof value === 'boolean' ? String(value) : 'null'
}

export function literalKey(key: AnyNode): string {
  if (key.type === 'Identifier') return text(key.name)
  return key.type === 'Literal' ? text(String(key.value)) : '""'
}

/** The constants of the language. */
export const CONSTANTS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  undefined: '(void 0)',
  NaN: '(0/0)',
  Infinity: '(1/0)',
})

/** Functions that TypeScript knows and the runtime has not. */
export const LANGUAGE_GLOBALS = new Set([
  'Array',
  'BigInt',
  'Date',
  'Error',
  'Function',
  'Object',
  'RegExp',
  'String',
  'Symbol',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'escape',
  'eval',
  'unescape',
])
