import {
  type Budget,
  BudgetSpent,
  ELEMENT_SIZE,
  MAX_EVALUATED_SIZE,
  MAX_NESTING,
  PROPERTY_SIZE,
} from '../../emit/budget.ts'
import { newMap } from '../../emit/fromHost.ts'
import { isMap, madeText, toInteger, toText } from '../coerce.ts'
import { typeError } from '../programError.ts'

/** `JSON.parse`: a text that is not JSON gives an empty text, as AppSync documents. */
export function parseJson(budget: Budget, args: readonly unknown[]): unknown {
  const text = toText(budget, args[0])
  budget.charge(text.length / 4)
  if (nesting(text) > MAX_NESTING) throw new BudgetSpent('nesting')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return ''
  }
  return adopt(budget, parsed)
}

/** How deep the brackets of a text go; brackets inside strings do not count. */
function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  let isString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (isString) {
      if (code === 92) index++
      else if (code === 34) isString = false
    } else if (code === 34) isString = true
    else if (code === 91 || code === 123) {
      depth++
      if (depth > deepest) deepest = depth
    } else if (code === 93 || code === 125) depth--
  }
  return deepest
}

/** Parsed JSON as a program's values: maps without prototype, counted. */
function adopt(budget: Budget, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  budget.charge(1)
  if (Array.isArray(value)) {
    budget.allocate(value.length * ELEMENT_SIZE)
    for (let index = 0; index < value.length; index++) value[index] = adopt(budget, value[index])
    return value
  }
  const map = newMap()
  const source = value as Record<string, unknown>
  for (const key of Object.keys(source)) {
    budget.allocate(PROPERTY_SIZE)
    map[key] = adopt(budget, source[key])
  }
  return map
}

/** `JSON.stringify`, printed under the budget; nothing of the program's is called. */
export function stringifyJson(budget: Budget, args: readonly unknown[]): unknown {
  const [value, replacer, space] = args
  if (typeof replacer === 'function') throw typeError('Functions can not be passed as an argument')
  const only = Array.isArray(replacer) ? new Set(replacer.map((name) => toText(budget, name))) : undefined
  let indent = ''
  if (typeof space === 'number') indent = ' '.repeat(Math.min(Math.max(toInteger(budget, space), 0), 10))
  else if (typeof space === 'string') indent = space.slice(0, 10)
  const printer: Printer = { budget, only, indent, parts: [], length: 0 }
  if (!print(printer, value, '', 0)) return undefined
  return madeText(budget, printer.parts.join(''))
}

interface Printer {
  budget: Budget
  only: Set<string> | undefined
  indent: string
  parts: string[]
  length: number
}

function put(printer: Printer, text: string): void {
  printer.length += text.length
  if (printer.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  printer.parts.push(text)
}

/** Prints a value; false when it has no JSON (undefined, a function). */
function print(printer: Printer, value: unknown, margin: string, depth: number): boolean {
  printer.budget.charge(4)
  switch (typeof value) {
    case 'string':
      printer.budget.charge(value.length / 16)
      put(printer, JSON.stringify(value))
      return true
    case 'number':
      put(printer, Number.isFinite(value) ? String(value) : 'null')
      return true
    case 'boolean':
      put(printer, String(value))
      return true
    case 'object':
      break
    default:
      return false
  }
  if (value === null) {
    put(printer, 'null')
    return true
  }
  if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
  const inner = printer.indent === '' ? '' : `\n${margin}${printer.indent}`
  const close = printer.indent === '' ? '' : `\n${margin}`
  const nextMargin = margin + printer.indent
  if (Array.isArray(value)) {
    put(printer, '[')
    for (let index = 0; index < value.length; index++) {
      put(printer, index === 0 ? inner : `,${inner}`)
      if (!print(printer, value[index], nextMargin, depth + 1)) put(printer, 'null')
    }
    put(printer, value.length === 0 ? ']' : `${close}]`)
    return true
  }
  if (!isMap(value)) return false
  put(printer, '{')
  let isFirst = true
  for (const key of Object.keys(value)) {
    if (printer.only !== undefined && !printer.only.has(key)) continue
    const member = value[key]
    if (member === undefined || typeof member === 'function') continue
    put(printer, `${isFirst ? '' : ','}${inner}${JSON.stringify(key)}:${printer.indent === '' ? '' : ' '}`)
    print(printer, member, nextMargin, depth + 1)
    isFirst = false
  }
  put(printer, isFirst ? '}' : `${close}}`)
  return true
}
