import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import type { Position } from '../problem.ts'
import {
  DocumentSyntaxError,
  emptyObject,
  isObject,
  NumberText,
  type Path,
  type PlainObject,
  type SourceDocument,
} from './document.ts'

/** Nodes after all aliases are followed: a bomb of aliases (ten levels of ten) is refused before it is walked. */
const MAX_NODES = 2_000_000

/** Tags that CloudFormation's short forms use without the prefix `Fn::`. */
const TAGS_WITHOUT_PREFIX = new Set(['Ref', 'Condition'])

/**
 * Parses YAML as CloudFormation takes it: short tags become the long forms, of a key that is repeated the last counts,
 * aliases and merge keys are followed within bounds, no other tag means anything.
 */
export function parseYaml(text: string, file: string, absolutePath: string): SourceDocument {
  const lineCounter = new LineCounter()
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  let document: ReturnType<typeof parseDocument>
  // Each short tag makes a warning, whose stack nobody reads: with it, a large template takes a fifth longer.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    document = parseDocument(text, { lineCounter, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new DocumentSyntaxError('nested too deeply', { line: 1, column: 1 })
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  const [failure] = document.errors
  if (failure !== undefined) {
    const [message = ''] = failure.message.split('\n')
    throw new DocumentSyntaxError(
      message.startsWith('Maximum call stack') ? 'nested too deeply' : message,
      positionAt(failure.pos[0]),
    )
  }

  const convert = createConverter(
    (node) => (document.errors.length === 0 && isAlias(node) ? node.resolve(document) : undefined),
    positionAt,
  )
  let value: unknown
  try {
    value = convert(document.contents)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new DocumentSyntaxError('nested too deeply', { line: 1, column: 1 })
  }
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>()
  const pairsOf = (map: YAMLMap): Map<string, Pair> => {
    const known = indexes.get(map) ?? new Map(map.items.map((item) => [keyText(item.key), item]))
    indexes.set(map, known)
    return known
  }
  const find = (path: Path, wantKey: boolean): Position => {
    let node: Node | null | undefined = document.contents
    let offset = startOf(node) ?? 0
    for (const [index, name] of path.entries()) {
      if (isAlias(node)) node = node.resolve(document)
      if (isMap(node)) {
        const pair: Pair | undefined = pairsOf(node).get(String(name))
        if (pair === undefined) break
        const keyOffset = startOf(pair.key)
        const child = pair.value as Node | null
        const last = index === path.length - 1
        offset = (last && wantKey ? keyOffset : (startOf(child) ?? keyOffset)) ?? offset
        node = child
      } else if (isSeq(node) && typeof name === 'number') {
        node = node.items[name] as Node | undefined
        if (node === undefined) break
        offset = startOf(node) ?? offset
      } else break
    }
    return positionAt(offset)
  }
  return {
    file,
    absolutePath,
    value,
    locate: (path) => find(path, false),
    locateKey: (path) => find(path, true),
  }
}

function startOf(node: unknown): number | undefined {
  const range = (node as { range?: [number, number, number] | null } | null | undefined)?.range
  return range?.[0]
}

function keyText(key: unknown): string {
  if (isScalar(key)) return typeof key.source === 'string' ? key.source : String(key.value)
  return String(key)
}

function createConverter(follow: (alias: Node) => Node | undefined, positionAt: (offset: number) => Position) {
  const sizes = new Map<Node, number>()
  const values = new Map<Node, unknown>()
  const open = new Set<Node>()
  let count = 0

  const fail = (message: string, node: unknown): never => {
    throw new DocumentSyntaxError(message, positionAt(startOf(node) ?? 0))
  }
  const grow = (by: number, node: unknown): void => {
    count += by
    if (count > MAX_NODES)
      fail(`more than ${MAX_NODES.toLocaleString('en')} values after its aliases are followed`, node)
  }

  function convert(node: unknown): unknown {
    grow(1, node)
    if (node === null || node === undefined) return null
    if (isAlias(node)) {
      const target = follow(node)
      if (target === undefined) return fail(`alias *${node.source} names no anchor`, node)
      if (open.has(target)) return fail(`alias *${node.source} contains itself`, node)
      if (!values.has(target)) convert(target)
      else grow(sizes.get(target) ?? 0, node)
      return values.get(target)
    }
    if (isScalar(node)) {
      const value = tagged(node.tag, scalarValue(node.value, node.source))
      if (node.anchor !== undefined) values.set(node, value)
      return value
    }
    if (!isCollection(node)) return fail('not understood', node)
    open.add(node)
    const before = count
    const value = tagged(node.tag, isMap(node) ? convertMap(node.items) : node.items.map(convertItem))
    open.delete(node)
    if (node.anchor !== undefined) {
      values.set(node, value)
      sizes.set(node, count - before)
    }
    return value
  }

  function convertItem(item: unknown): unknown {
    if (!isPair(item)) return convert(item)
    return convertMap([item])
  }

  function convertMap(items: readonly unknown[]): PlainObject {
    const made = emptyObject()
    let merges: unknown[] | undefined
    for (const item of items) {
      if (!isPair(item)) continue
      const key = keyText(item.key)
      const value = convert(item.value)
      if (key === '<<' && (isObject(value) || Array.isArray(value))) {
        merges ??= []
        merges.push(...(Array.isArray(value) ? value : [value]))
      } else made[key] = value
    }
    for (const source of merges ?? []) {
      if (!isObject(source)) continue
      for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(made, key)) made[key] = value
    }
    return made
  }

  return convert
}

function scalarValue(value: unknown, source: string | undefined): unknown {
  // `!!binary` and `!!timestamp` mean nothing to CloudFormation: they stay as they are written.
  if (typeof value === 'object' && value !== null) return source ?? String(value)
  if (typeof value === 'bigint') return new NumberText(Number(value), source ?? String(value))
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value
  // An account id such as 000000000000 is meant as text wherever text is wanted.
  return new NumberText(value, source)
}

function tagged(tag: string | undefined, value: unknown): unknown {
  if (tag === undefined || !tag.startsWith('!') || tag.startsWith('!!') || tag.length < 2) return value
  const name = tag.slice(1)
  if (!/^[A-Z][A-Za-z0-9:]{1,40}$/.test(name)) return value
  const made = emptyObject()
  if (TAGS_WITHOUT_PREFIX.has(name)) made[name] = value
  else made[name.startsWith('Fn::') ? name : `Fn::${name}`] = value
  return made
}
