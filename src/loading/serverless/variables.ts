import { extname } from 'node:path'
import { asBoolean, asText } from '../cloudformation/values.ts'
import type { ProjectContext } from '../projectContext.ts'
import { ProjectFileError } from '../projectFiles.ts'
import { DocumentSyntaxError, emptyObject, isObject, type Path, type SourceDocument } from '../source/document.ts'
import { parseDocument } from '../source/open.ts'

/** Variables inside variables inside variables. */
const MAX_DEPTH = 64
/** Values that one configuration may resolve to. */
const MAX_VALUES = 2_000_000
/** Longest text that variables may make. */
const MAX_TEXT_LENGTH = 1024 * 1024

/** Sources that mean something; other `${…}` are CloudFormation's or a template's own. */
const SOURCES = new Set(['self', 'opt', 'env', 'file', 'sls', 'aws', 'param', 'ssm', 'cf', 's3', 'strToBool'])

const UNKNOWN = Symbol('no value')

export interface Variables {
  /** Resolves every variable in a value. `path`: where it stands in serverless.yml. */
  resolve(value: unknown, path: Path): unknown
}

/** The Serverless Framework's variables: `${self:…}`, `${opt:…}`, `${env:…}`, `${file(…)}`, `${sls:…}`, `${aws:…}`, `${param:…}`. */
export function createVariables(
  project: ProjectContext,
  document: SourceDocument,
  options: Readonly<Record<string, string>>,
): Variables {
  const root = document.value
  const open = new Set<string>()
  const known = new Map<string, unknown>()
  const parsedFiles = new Map<string, unknown>()
  let count = 0
  let depth = 0

  const report = (path: Path, message: string, hint?: string): void =>
    project.problems.add({
      severity: 'error',
      file: document.file,
      ...document.locate(path),
      message,
      path: path.join('.'),
      ...(hint === undefined ? {} : { hint }),
    })

  function resolve(value: unknown, path: Path): unknown {
    count += 1
    if (count > MAX_VALUES) throw new RangeError('too many values')
    if (typeof value === 'string') return resolveText(value, path)
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, [...path, index]))
    if (!isObject(value)) return value
    const made = emptyObject()
    for (const [key, item] of Object.entries(value)) {
      const name = key.includes('${') ? (asText(resolveText(key, path)) ?? key) : key
      made[name] = resolve(item, [...path, key])
    }
    return made
  }

  function resolveText(text: string, path: Path): unknown {
    if (!text.includes('${')) return text
    const parts: unknown[] = []
    let at = 0
    let length = 0
    for (;;) {
      const start = text.indexOf('${', at)
      if (start === -1) break
      const end = closingBrace(text, start + 2)
      if (end === -1) break
      const inside = text.slice(start + 2, end)
      const value = evaluate(inside, path)
      if (start > at) parts.push(text.slice(at, start))
      parts.push(value === UNKNOWN ? keepUnknown(inside, path) : value)
      at = end + 1
    }
    if (at < text.length) parts.push(text.slice(at))
    if (parts.length === 1) return parts[0]
    let made = ''
    for (const part of parts) {
      const piece = asText(part)
      if (piece === undefined) {
        report(path, `a variable in "${text.slice(0, 80)}" is no text`)
        continue
      }
      length += piece.length
      if (length > MAX_TEXT_LENGTH) throw new RangeError('too long a text')
      made += piece
    }
    return made
  }

  /** A `${…}` that is no variable keeps its text, with the variables inside it resolved. */
  function keepUnknown(inside: string, path: Path): string {
    return `\${${inside.includes('${') ? (asText(resolveText(inside, path)) ?? inside) : inside}}`
  }

  /** @returns UNKNOWN when the text is no variable of ours. */
  function evaluate(inside: string, path: Path): unknown {
    const alternatives = splitAlternatives(inside)
    const first = (alternatives[0] ?? '').trim()
    const source = /^([A-Za-z]+)(?:[:(]|$)/.exec(first)?.[1] ?? ''
    if (!SOURCES.has(source) || first.startsWith(`${source}::`)) return UNKNOWN
    if (depth >= MAX_DEPTH) {
      report(path, `variables are nested more than ${MAX_DEPTH} levels deep`)
      return ''
    }
    depth += 1
    try {
      for (const alternative of alternatives) {
        const value = one(alternative.trim(), path)
        if (value !== undefined && value !== null) return value
      }
    } finally {
      depth -= 1
    }
    if (alternatives.length > 1) return null
    report(path, `Cannot resolve variable \${${inside.slice(0, 100)}}`, hintFor(first))
    return `unresolved:${first}`
  }

  function one(expression: string, path: Path): unknown {
    const quoted = /^(['"])([\s\S]*)\1$/.exec(expression)
    if (quoted !== null) return quoted[2]
    if (/^(?:true|false)$/.test(expression)) return expression === 'true'
    if (/^-?\d+(?:\.\d+)?$/.test(expression)) return Number(expression)
    if (expression === 'null') return null
    const plainText = expression.includes('${') ? (asText(resolveText(expression, path)) ?? '') : expression
    const call = /^(file|strToBool|aws|cf|ssm|s3)\(([^)]*)\)(?::([\s\S]*))?$/.exec(plainText)
    if (call !== null) {
      const [, name, parameter = '', address = ''] = call
      if (name === 'file') return fromFile(parameter.trim(), address, path)
      if (name === 'strToBool') return asBoolean(parameter.trim().replace(/^['"]|['"]$/g, ''))
      return stored(address)
    }
    const colon = plainText.indexOf(':')
    const source = colon === -1 ? plainText : plainText.slice(0, colon)
    const address = colon === -1 ? '' : plainText.slice(colon + 1)
    switch (source) {
      case 'self':
        return fromSelf(address, path)
      case 'opt':
        return Object.hasOwn(options, address) ? options[address] : undefined
      case 'env':
        return project.env[address]
      case 'sls':
        return address === 'stage' ? stage() : address === 'instanceId' ? 'sidestage' : undefined
      case 'aws':
        return address === 'accountId'
          ? project.scope.accountId
          : address === 'region'
            ? project.scope.region
            : undefined
      case 'param':
        return (
          project.parameters.get(address) ??
          fromSelf(`params.${stage()}.${address}`, path) ??
          fromSelf(`params.default.${address}`, path)
        )
      case 'ssm':
      case 'cf':
      case 's3':
        return stored(address)
      default:
        return undefined
    }
  }

  function stored(address: string): string | undefined {
    return project.parameters.get(address) ?? project.parameters.get(address.replace(/~(?:true|false)$/, ''))
  }

  function stage(): string {
    return options['stage'] ?? asText(fromSelf('provider.stage', ['provider', 'stage'])) ?? 'dev'
  }

  function fromSelf(address: string, path: Path): unknown {
    if (open.has(address)) {
      report(path, `\${self:${address}} depends on itself`)
      return ''
    }
    if (known.has(address)) return known.get(address)
    open.add(address)
    try {
      const value = walk(root, address, [])
      known.set(address, value)
      return value
    } finally {
      open.delete(address)
    }
  }

  /** Follows `a.b.0`, resolving variables on the way. */
  function walk(from: unknown, address: string, at: Path): unknown {
    let value = from
    let place = at
    for (const name of address === '' ? [] : address.split('.')) {
      if (typeof value === 'string') value = resolveText(value, place)
      if (Array.isArray(value)) value = /^\d+$/.test(name) ? value[Number(name)] : undefined
      else if (isObject(value) && Object.hasOwn(value, name)) value = value[name]
      else return undefined
      place = [...place, name]
    }
    return resolve(value, place)
  }

  function fromFile(name: string, address: string, path: Path): unknown {
    let content: unknown
    try {
      const file = project.files.resolveFrom(project.files.root, name)
      if (!parsedFiles.has(file)) parsedFiles.set(file, readFile(project, file))
      content = parsedFiles.get(file)
    } catch (error) {
      if (error instanceof ProjectFileError) {
        if (error.code !== 'MISSING') report(path, `${error.file} ${error.message}`)
        return undefined
      }
      if (!(error instanceof DocumentSyntaxError)) throw error
      report(path, `${name}: ${error.message}`)
      return undefined
    }
    if (content === RUNS_CODE) {
      report(
        path,
        `${name} is code, which is not run to load a project`,
        'give its values in sidestage.yaml under parameters: or in a YAML file',
      )
      return ''
    }
    return walk(content, address, path)
  }

  return { resolve }
}

const RUNS_CODE = Symbol('code')

function readFile(project: ProjectContext, file: string): unknown {
  const extension = extname(file)
  if (['.js', '.cjs', '.mjs', '.ts'].includes(extension)) return RUNS_CODE
  const text = project.files.readText(file)
  if (!['.yml', '.yaml', '.json'].includes(extension)) return text.trimEnd()
  return parseDocument(text, project.files.display(file), file).value
}

function hintFor(variable: string): string | undefined {
  const colon = variable.indexOf(':')
  const name = variable.slice(colon + 1)
  if (variable.startsWith('env:')) return `set the environment variable ${name}`
  if (variable.startsWith('opt:')) return `give it a default: \${${variable}, 'value'}`
  if (/^(?:ssm|cf|s3|param)/.test(variable)) return `add "${name}" to parameters: in sidestage.yaml`
  return undefined
}

/** Index of the brace that closes a variable, past nested ones; -1 when none does. */
function closingBrace(text: string, from: number): number {
  let open = 1
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) {
      open += 1
      at += 1
    } else if (text[at] === '}') {
      open -= 1
      if (open === 0) return at
    }
  }
  return -1
}

/** Splits `a, b, 'c'` at its commas: not at those in quotes, parentheses or nested variables. */
function splitAlternatives(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let nested = 0
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === "'" || character === '"') quote = character
    else if (character === '{' || character === '(') nested += 1
    else if (character === '}' || character === ')') nested -= 1
    else if (character === ',' && nested === 0) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
