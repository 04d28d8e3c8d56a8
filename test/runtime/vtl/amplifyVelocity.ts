import { createRequire } from 'node:module'
import type { ResolverContext } from '../../../src/runtime/context.ts'
import { Run } from '../../../src/runtime/emit/run.ts'
import { NO_SUCH_METHOD, type UtilFunction, type UtilTable } from '../../../src/runtime/util/environment.ts'
import { extensions, vtlUtil } from '../../../src/runtime/util/index.ts'

interface Peer {
  parse(template: string): unknown
  Compile: new (asts: unknown, options: object) => { render(context: object): string | [string, unknown] }
}

const peer = createRequire(import.meta.url)('amplify-velocity-template') as Peer

/** A value as the peer wants it: what Java's collections have as methods are hidden functions of objects and arrays. */
function withMethods(value: unknown): unknown {
  if (Array.isArray(value)) {
    const list = value.map(withMethods)
    return hide(list, {
      size: () => list.length,
      isEmpty: () => list.length === 0,
      get: (index: number) => list[index],
      add: (element: unknown) => list.push(withMethods(element)) > 0,
      addAll: (other: unknown[]) => list.push(...other) > 0,
      contains: (element: unknown) => list.includes(element),
      iterator: () => list,
    })
  }
  if (value === null || typeof value !== 'object') return value
  const map: Record<string, unknown> = {}
  for (const [key, member] of value instanceof Map ? value : Object.entries(value))
    map[String(key)] = withMethods(member)
  return hide(map, {
    size: () => Object.keys(map).length,
    isEmpty: () => Object.keys(map).length === 0,
    get: (key: string) => map[key] ?? null,
    put: (key: string, member: unknown) => {
      const before = map[key] ?? null
      map[key] = withMethods(member)
      return before
    },
    putAll: (other: object) => Object.assign(map, other) === undefined,
    remove: (key: string) => delete map[key],
    containsKey: (key: string) => Object.hasOwn(map, key),
    keySet: () => withMethods(Object.keys(map)),
    values: () => withMethods(Object.values(map)),
    entrySet: () =>
      Object.entries(map).map(([key, member]) => ({ key, value: member, getKey: () => key, getValue: () => member })),
  })
}

function hide(target: object, methods: Record<string, unknown>): object {
  for (const [name, value] of Object.entries(methods)) {
    if (!Object.hasOwn(target, name))
      Object.defineProperty(target, name, { value, enumerable: false, configurable: true })
  }
  return target
}

/** Our utilities, so that only the languages are compared. */
function utilities(table: UtilTable, environment: Run): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(table)) {
    result[name] =
      typeof member === 'function'
        ? (...args: unknown[]) => {
            const value = (member as UtilFunction)(environment, args)
            return value === NO_SUCH_METHOD ? undefined : withMethods(value)
          }
        : utilities(member, environment)
  }
  return result
}

/** The text that amplify-velocity-template renders, or `error: …`. Parsed when it is JSON. */
export function renderWithAmplify(template: string, context: ResolverContext): unknown {
  const run = new Run('VTL', context, { now: () => 0, random: () => 0.5 }, 10_000_000)
  try {
    const args = withMethods(context.arguments)
    const ctx = { ...(withMethods(context) as object), arguments: args, args }
    const util = utilities(vtlUtil, run)
    const rendered = new peer.Compile(peer.parse(template), { valueMapper: withMethods }).render({
      ctx,
      context: ctx,
      util,
      utils: util,
      extensions: utilities(extensions, run),
    })
    return normalized(typeof rendered === 'string' ? rendered : rendered[0])
  } catch (error) {
    return failed(error)
  }
}

export function failed(error: unknown): string {
  // The peer wraps what a method throws and adds where it was called.
  const message = (error as Error).message.replace(/ on \$util\.\w+\([\s\S]*\) at L\/N \d+:\d+$/, '')
  return `${message.startsWith('Parse error') ? 'refused' : 'error'}: ${message.split('\n')[0]}`
}

/** What of a text counts: its JSON, else its words. */
export function normalized(text: string): unknown {
  try {
    return JSON.parse(text.replace(/,(\s*[}\]])/g, '$1'))
  } catch {
    return text.trim().replace(/\s+/g, ' ')
  }
}
