import { isObject, member, setMember } from '../asl/json.ts'
import { accepts } from './filter.ts'
import { type Path, type PathFunction, PathNotFoundError, type Segment } from './path.ts'

/**
 * Nodes that one evaluation may visit. A state's data has at most 256 KiB, so no path that means something comes near;
 * `$..a..b..c` over hostile data does.
 */
const MAX_VISITED_NODES = 2_000_000
/** Levels that a scan (`..`) descends. */
const MAX_SCAN_DEPTH = 2_000

interface Evaluation {
  root: unknown
  left: number
}

/**
 * The value that a path selects: for a definite path the value itself, otherwise the list of all matches.
 * Throws `PathNotFoundError` where a definite part of the path is missing.
 */
export function evaluatePath(path: Path, root: unknown): unknown {
  if (path.reference) return evaluateReference(path, root)
  const evaluation: Evaluation = { root, left: MAX_VISITED_NODES }
  return select(path, root, evaluation)
}

function evaluateReference(path: Path, root: unknown): unknown {
  const { segments } = path
  let node = root
  for (let at = 0; at < segments.length; at += 1) {
    const segment = segments[at]!
    if (segment.type === 'property') {
      if (!isObject(node)) throw notAnObject(path, at, node)
      if (!Object.hasOwn(node, segment.name)) throw missing(path, at)
      node = node[segment.name]
    } else if (segment.type === 'index') {
      node = itemAt(path, at, node, segment.index)
    }
  }
  return node
}

function itemAt(path: Path, at: number, node: unknown, index: number): unknown {
  if (!Array.isArray(node)) {
    throw new PathNotFoundError(
      `Filter: [${index}] can only be applied to arrays. Current context is: ${shorten(JSON.stringify(node))}`,
    )
  }
  const position = index < 0 ? node.length + index : index
  if (position < 0 || position >= node.length) {
    throw new PathNotFoundError(`Index out of bounds when evaluating path ${formatPath(path, at + 1)}`)
  }
  return node[position]
}

function missing(path: Path, at: number): PathNotFoundError {
  return new PathNotFoundError(
    at === path.segments.length - 1
      ? `No results for path: ${formatPath(path)}`
      : `Missing property in path ${formatPath(path, at + 1)}`,
  )
}

function notAnObject(path: Path, at: number, node: unknown): PathNotFoundError {
  const segment = path.segments[at]!
  const name = segment.type === 'property' ? segment.name : ''
  if (node === null || node === undefined) return missing(path, at)
  return new PathNotFoundError(
    `Expected to find an object with property ['${name}'] in path ${formatPath(path, at)} but found '${typeName(node)}'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.`,
  )
}

function typeName(node: unknown): string {
  const kind = Array.isArray(node)
    ? 'ArrayNode'
    : typeof node === 'string'
      ? 'TextNode'
      : typeof node === 'boolean'
        ? 'BooleanNode'
        : typeof node === 'number'
          ? Number.isInteger(node)
            ? 'IntNode'
            : 'DoubleNode'
          : 'ObjectNode'
  return `com.fasterxml.jackson.databind.node.${kind}`
}

function select(path: Path, root: unknown, evaluation: Evaluation): unknown {
  const { segments } = path
  const last = segments.at(-1)
  const end = last?.type === 'function' ? segments.length - 1 : segments.length
  const definite = last?.type === 'function' ? segments.slice(0, end).every(isSingle) : path.definite
  let nodes: unknown[] = [root]
  let single = true
  for (let at = 0; at < end; at += 1) {
    const segment = segments[at]!
    // While everything before was definite, something missing is an error; behind a wildcard it is just no match.
    if (single && isSingle(segment)) nodes = [strictStep(path, at, segment, nodes[0])]
    else {
      single = false
      const next: unknown[] = []
      for (const node of nodes) step(segment, node, next, evaluation, at === end - 1)
      nodes = next
    }
  }
  const value = single || definite ? nodes[0] : nodes
  return last?.type === 'function' ? apply(last.name, value, path) : value
}

function isSingle(segment: Segment): boolean {
  return segment.type === 'property' || segment.type === 'index' || segment.type === 'properties'
}

function strictStep(path: Path, at: number, segment: Segment, node: unknown): unknown {
  if (segment.type === 'property') {
    if (!isObject(node)) throw notAnObject(path, at, node)
    if (!Object.hasOwn(node, segment.name)) throw missing(path, at)
    return node[segment.name]
  }
  if (segment.type === 'index') return itemAt(path, at, node, segment.index)
  if (segment.type === 'properties') {
    if (!isObject(node)) throw missing(path, at)
    return pick(node, segment.names)
  }
  throw missing(path, at)
}

function pick(node: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const name of names) if (Object.hasOwn(node, name)) setMember(picked, name, node[name])
  return picked
}

function spend(evaluation: Evaluation): void {
  evaluation.left -= 1
  if (evaluation.left < 0) throw new PathNotFoundError('The path visits too many nodes')
}

function step(segment: Segment, node: unknown, out: unknown[], evaluation: Evaluation, last: boolean): void {
  spend(evaluation)
  switch (segment.type) {
    case 'property':
      if (isObject(node) && Object.hasOwn(node, segment.name)) out.push(node[segment.name])
      return
    case 'properties':
      if (!isObject(node)) return
      if (last) out.push(pick(node, segment.names))
      else for (const name of segment.names) if (Object.hasOwn(node, name)) out.push(node[name])
      return
    case 'index':
    case 'indexes': {
      if (!Array.isArray(node)) return
      for (const index of segment.type === 'index' ? [segment.index] : segment.indexes) {
        const position = index < 0 ? node.length + index : index
        if (position >= 0 && position < node.length) out.push(node[position])
      }
      return
    }
    case 'slice':
      if (Array.isArray(node)) {
        for (const item of charged(node.slice(segment.start ?? 0, segment.end), evaluation)) out.push(item)
      }
      return
    case 'wildcard':
      for (const child of charged(children(node), evaluation)) out.push(child)
      return
    case 'filter': {
      const candidates = Array.isArray(node) ? charged(node, evaluation) : isObject(node) ? [node] : []
      for (const candidate of candidates) if (passes(segment, candidate, evaluation)) out.push(candidate)
      return
    }
    case 'scan':
      scan(segment.of, node, out, evaluation, last)
      return
    case 'function':
      return
    default:
      segment satisfies never
  }
}

function scan(of: Segment, start: unknown, out: unknown[], evaluation: Evaluation, last: boolean): void {
  const pending: { node: unknown; depth: number }[] = [{ node: start, depth: 0 }]
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    const { node, depth } = entry
    if (typeof node !== 'object' || node === null) continue
    if (depth > MAX_SCAN_DEPTH) throw new PathNotFoundError('The data is nested too deeply for the path')
    step(of, node, out, evaluation, last)
    const inner = children(node)
    for (let at = inner.length - 1; at >= 0; at -= 1) pending.push({ node: inner[at], depth: depth + 1 })
  }
}

function passes(segment: Segment & { type: 'filter' }, candidate: unknown, evaluation: Evaluation): boolean {
  return accepts(segment.expression, candidate, evaluation.root, (path, root) => {
    try {
      return select(path, root, evaluation)
    } catch (error) {
      if (error instanceof PathNotFoundError && evaluation.left >= 0) return undefined
      throw error
    }
  })
}

function children(node: unknown): unknown[] {
  if (Array.isArray(node)) return node
  return isObject(node) ? Object.values(node) : []
}

function charged(items: unknown[], evaluation: Evaluation): unknown[] {
  evaluation.left -= items.length
  spend(evaluation)
  return items
}

function apply(name: PathFunction, value: unknown, path: Path): unknown {
  if (name === 'length') {
    if (Array.isArray(value) || typeof value === 'string') return value.length
    if (isObject(value)) return Object.keys(value).length
    throw new PathNotFoundError(`No results for path: ${formatPath(path)}`)
  }
  if (name === 'keys') {
    if (isObject(value)) return Object.keys(value)
    throw new PathNotFoundError(`No results for path: ${formatPath(path)}`)
  }
  const numbers = Array.isArray(value) ? value.filter((item) => typeof item === 'number') : []
  if (numbers.length === 0)
    throw new PathNotFoundError('Aggregation function attempted to calculate value using empty array')
  const sum = numbers.reduce((total, number) => total + number, 0)
  switch (name) {
    case 'sum':
      return sum
    case 'avg':
      return sum / numbers.length
    case 'min':
      return numbers.reduce((least, number) => (number < least ? number : least))
    case 'max':
      return numbers.reduce((most, number) => (number > most ? number : most))
    default:
      return name satisfies never
  }
}

/** The path in normal form, `$['a'][0]`, up to a segment. */
export function formatPath(path: Path, end = path.segments.length): string {
  let text = '$'
  for (const segment of path.segments.slice(0, end)) text += formatSegment(segment)
  return text
}

function formatSegment(segment: Segment): string {
  switch (segment.type) {
    case 'property':
      return `['${segment.name}']`
    case 'properties':
      return `[${segment.names.map((name) => `'${name}'`).join(',')}]`
    case 'index':
      return `[${segment.index}]`
    case 'indexes':
      return `[${segment.indexes.join(',')}]`
    case 'slice':
      return `[${segment.start ?? ''}:${segment.end ?? ''}]`
    case 'wildcard':
      return '[*]'
    case 'scan':
      return `..${formatSegment(segment.of)}`
    case 'filter':
      return '[?]'
    case 'function':
      return `.${segment.name}()`
    default:
      return segment satisfies never
  }
}

function shorten(text: string | undefined): string {
  return text !== undefined && text.length > 200 ? `${text.slice(0, 200)}…` : (text ?? 'null')
}

/** Sets the node of a reference path, making the objects on the way. Gives the changed copy; the original stays. */
export function insertAt(path: Path, target: unknown, value: unknown): unknown {
  const build = (node: unknown, at: number): unknown => {
    const segment = path.segments[at]
    if (segment === undefined) return value
    if (segment.type === 'property') {
      const copy: Record<string, unknown> = {}
      if (isObject(node)) for (const key of Object.keys(node)) setMember(copy, key, node[key])
      else if (node !== undefined) throw new PathNotFoundError('not an object')
      setMember(copy, segment.name, build(isObject(node) ? member(node, segment.name) : undefined, at + 1))
      return copy
    }
    if (segment.type === 'index' && Array.isArray(node) && segment.index < node.length) {
      const copy = [...node]
      copy[segment.index] = build(node[segment.index], at + 1)
      return copy
    }
    throw new PathNotFoundError('not an array')
  }
  return build(target, 0)
}
