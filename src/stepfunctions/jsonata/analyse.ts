import { JsonataSyntaxError } from './errors.ts'
import { compilePattern } from './regexEngine.ts'

/** What an expression refers to. */
export interface Analysis {
  /** Variables that it does not bind itself, built-in functions included, without `$`. */
  free: ReadonlySet<string>
  /** Members of `$states` that it reads: `input`, `result`, `errorOutput`, `context`. */
  states: ReadonlySet<string>
  /** It builds or binds values, so that one may come to be shared many times over. */
  builds: boolean
  /** The expression is a variable and names below it, and nothing else: `$states.input.a.b`. */
  direct: { variable: string; names: readonly string[] } | undefined
}

interface Node {
  type?: string
  value?: unknown
  [member: string]: unknown
}

interface Walk {
  free: Set<string>
  states: Set<string>
  builds: boolean
  topLevel: string | undefined
  hasDocument: boolean
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []
}

/**
 * Finds what an expression refers to. Throws `JsonataSyntaxError` for what the service refuses.
 *
 * @param hasDocument whether there is a document that names at the top level refer to; the service gives none
 */
export function analyse(root: unknown, hasDocument: boolean): Analysis {
  const walk: Walk = { free: new Set(), states: new Set(), builds: false, topLevel: undefined, hasDocument }
  if (isNode(root)) visit(root, walk, new Set(), hasDocument)
  if (walk.topLevel !== undefined) {
    throw new JsonataSyntaxError(
      'UNSUPPORTED_JSONATA_EXPRESSION',
      `Reference to '${walk.topLevel}' at the top level is not supported.`,
    )
  }
  const { free, states, builds } = walk
  return { free, states, builds, direct: hasDocument ? undefined : directPath(root) }
}

const PATH = /^\s*\$([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)\s*$/
/** Words that are no names everywhere. */
const WORDS = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function'])
const MAX_PATH_LENGTH = 512

/** What a text refers to that is only a variable and names below it, found without the parser. Undefined for any other. */
export function analysePath(text: string): Analysis | undefined {
  const [, variable, below] = (text.length <= MAX_PATH_LENGTH ? PATH.exec(text) : undefined) ?? []
  if (variable === undefined || below === undefined) return undefined
  const names = below === '' ? [] : below.slice(1).split('.')
  if (WORDS.has(variable) || names.some((name) => WORDS.has(name))) return undefined
  const [first] = names
  return {
    free: new Set([variable]),
    states: new Set(variable === 'states' && first !== undefined ? [first] : []),
    builds: false,
    direct: { variable, names },
  }
}

const PLAIN_STEP = new Set(['type', 'value', 'position'])

function directPath(root: unknown): Analysis['direct'] {
  if (!isNode(root)) return undefined
  const steps = root.type === 'path' ? nodes(root['steps']) : [root]
  if (root.type === 'path' && Object.keys(root).some((key) => key !== 'type' && key !== 'steps')) return undefined
  if (steps.some((step) => Object.keys(step).some((key) => !PLAIN_STEP.has(key)))) return undefined
  const [first, ...rest] = steps
  if (first?.type !== 'variable' || typeof first.value !== 'string' || first.value === '') return undefined
  const names: string[] = []
  for (const { type, value } of rest) {
    if (type !== 'name' || typeof value !== 'string') return undefined
    names.push(value)
  }
  return { variable: first.value, names }
}

/**
 * @param bound variables bound around the node; binding adds to it
 * @param inside whether the node's context is a value, and not the (absent) document of the expression
 */
function visit(node: Node, walk: Walk, bound: Set<string>, inside: boolean): void {
  const each = (value: unknown, scope = bound, context = inside): void => {
    for (const inner of nodes(value)) visit(inner, walk, scope, context)
  }
  const pairs = (value: unknown, context: boolean): void => {
    if (Array.isArray(value)) for (const pair of value) each(pair, bound, context)
  }
  switch (node.type) {
    case 'path': {
      const scope = new Set(bound)
      const steps = nodes(node['steps'])
      noteStates(steps, walk, scope)
      for (const [at, step] of steps.entries()) {
        visit(step, walk, scope, inside || at > 0)
        for (const name of [step['focus'], step['index']]) if (typeof name === 'string') scope.add(name)
        each(step['stages'], scope, true)
      }
      if (isNode(node['group'])) {
        walk.builds = true
        for (const pair of Array.isArray(node['group']['lhs']) ? node['group']['lhs'] : []) each(pair, scope, true)
      }
      each(node['predicate'], scope, true)
      return
    }
    case 'name':
      if (!inside) walk.topLevel ??= String(node.value)
      break
    case 'variable':
      note(node.value, walk, bound)
      break
    case 'regex':
      checkPattern(node.value)
      break
    case 'block': {
      const scope = new Set(bound)
      each(node['expressions'], scope)
      break
    }
    case 'bind': {
      walk.builds = true
      // A function may call itself: its name is bound while its body is read.
      const [target] = nodes(node['lhs'])
      if (target !== undefined) bound.add(String(target.value))
      each(node['rhs'])
      break
    }
    case 'lambda': {
      walk.builds = true
      const scope = new Set(bound)
      for (const argument of nodes(node['arguments'])) scope.add(String(argument.value))
      each(node['body'], scope)
      break
    }
    case 'transform':
      walk.builds = true
      each(node['pattern'], bound, true)
      each(node['update'], bound, true)
      each(node['delete'], bound, true)
      break
    case 'sort':
      for (const term of nodes(node['terms'])) each(term['expression'], bound, true)
      break
    case 'filter':
      each(node['expr'], bound, true)
      break
    case 'unary':
      if (node.value === '[' || node.value === '{') walk.builds = true
      each(node['expression'])
      each(node['expressions'])
      pairs(node['lhs'], inside)
      break
    case 'condition':
      each(node['condition'])
      each(node['then'])
      each(node['else'])
      break
    case 'function':
    case 'partial':
      // `$f(…)` names its function by a variable; a bare name in this place is a wrong call, not a reference.
      if (isNode(node['procedure']) && node['procedure'].type === 'variable') each(node['procedure'])
      else if (isNode(node['procedure']) && !isBareName(node['procedure'])) each(node['procedure'])
      each(node['arguments'])
      break
    default:
      each(node['lhs'])
      each(node['rhs'])
      each(node['expressions'])
      each(node['arguments'])
  }
  each(node['stages'], bound, true)
  each(node['predicate'], bound, true)
  if (isNode(node['group'])) pairs(node['group']['lhs'], true)
}

function isBareName(node: Node): boolean {
  return node.type === 'path' && nodes(node['steps']).every((step) => step.type === 'name')
}

function note(value: unknown, walk: Walk, bound: ReadonlySet<string>): void {
  const name = String(value)
  if (name === '$') {
    if (walk.hasDocument) return
    throw new JsonataSyntaxError('INVALID_JSONATA_EXPRESSION', "Reference to '$$' is not supported.")
  }
  if (name !== '' && !bound.has(name)) walk.free.add(name)
}

function noteStates(steps: readonly Node[], walk: Walk, bound: ReadonlySet<string>): void {
  const [first, second] = steps
  if (first?.type !== 'variable' || first.value !== 'states' || bound.has('states')) return
  if (second?.type === 'name') walk.states.add(String(second.value))
}

function checkPattern(value: unknown): void {
  if (!(value instanceof RegExp)) return
  try {
    compilePattern(value)
  } catch {
    throw new JsonataSyntaxError(
      'UNSUPPORTED_JSONATA_EXPRESSION',
      `The regular expression ${String(value)} is not supported: look-around and back-references cannot be matched in linear time.`,
    )
  }
}
