import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { type DefinitionNode, Kind, parse, print } from 'graphql'
import { ProjectFileError } from '../projectFiles.ts'
import type { Path } from '../source/document.ts'
import type { Service } from './service.ts'

/** Files that one pattern may match. */
const MAX_FILES = 10_000

/** The schema of the files that names and patterns mean, types of the same name merged; undefined (and reported) when none is read. */
export function readSchemaFiles(
  service: Service,
  names: readonly string[],
  at: Path,
): { text: string; file: string } | undefined {
  const { files } = service.project
  const texts: string[] = []
  const used: string[] = []
  for (const [index, name] of names.entries()) {
    const place = names.length === 1 ? at : [...at, index]
    try {
      const paths = name.includes('*') ? matching(files.root, name) : [files.resolveFrom(files.root, name)]
      if (paths.length === 0) service.report('error', place, `no file matches ${name}`)
      for (const path of paths) {
        texts.push(files.readText(path))
        used.push(files.display(path))
      }
    } catch (error) {
      if (!(error instanceof ProjectFileError)) throw error
      service.report('error', place, `${error.file} ${error.message}`, 'paths are relative to serverless.yml')
    }
  }
  if (texts.length === 0) return undefined
  return { text: texts.length === 1 ? (texts[0] ?? '') : mergeSchemas(texts), file: used.join(', ') }
}

/** One document of several: fields of object types that occur in more than one file are joined. */
function mergeSchemas(texts: readonly string[]): string {
  const merged = new Map<string, DefinitionNode>()
  try {
    for (const text of texts) {
      for (const node of parse(text).definitions) {
        const name = 'name' in node ? node.name?.value : undefined
        const key = `${node.kind.replace('Extension', 'Definition')} ${name ?? ''}`
        const before = merged.get(key)
        merged.set(key, before === undefined ? node : join2(before, node))
      }
    }
  } catch {
    // What does not parse is refused by the one who builds the schema, with a place.
    return texts.join('\n')
  }
  return [...merged.values()].map((node) => print(node)).join('\n\n')
}

function join2(first: DefinitionNode, second: DefinitionNode): DefinitionNode {
  const kinds: readonly string[] = [
    Kind.OBJECT_TYPE_DEFINITION,
    Kind.OBJECT_TYPE_EXTENSION,
    Kind.INTERFACE_TYPE_DEFINITION,
    Kind.INPUT_OBJECT_TYPE_DEFINITION,
    Kind.INTERFACE_TYPE_EXTENSION,
    Kind.INPUT_OBJECT_TYPE_EXTENSION,
  ]
  if (!kinds.includes(first.kind) || !('fields' in first) || !('fields' in second)) {
    if (first.kind === Kind.SCHEMA_DEFINITION && second.kind === Kind.SCHEMA_DEFINITION)
      return {
        ...first,
        operationTypes: uniqueBy([...first.operationTypes, ...second.operationTypes], (one) => one.operation),
      }
    return second
  }
  const fields = uniqueBy([...(first.fields ?? []), ...(second.fields ?? [])], (field) => field.name.value)
  return { ...first, fields } as DefinitionNode
}

function uniqueBy<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const made = new Map<string, T>()
  for (const item of items) made.set(keyOf(item), item)
  return [...made.values()]
}

/** Files below `root` whose relative path fits a pattern of `*`, `**` and `{a,b}`; folders of packages are left out. */
function matching(root: string, pattern: string): string[] {
  const wanted = expandBraces(pattern.replace(/^\.\//, '')).map((one) => one.split('/'))
  const found: string[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((left, right) =>
      left.name < right.name ? -1 : 1,
    )) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (wanted.some((segments) => fits(segments, relative(root, path).split(sep)))) found.push(path)
      if (found.length > MAX_FILES) return
    }
  }
  walk(root)
  return found
}

function expandBraces(pattern: string): string[] {
  const match = /^([^{]*)\{([^{}]*)\}(.*)$/.exec(pattern)
  if (match === null) return [pattern]
  const [, before = '', choices = '', after = ''] = match
  return choices.split(',').flatMap((choice) => expandBraces(before + choice + after))
}

function fits(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return path.length === 0
  if (first === '**') return fits(rest, path) || (path.length > 0 && fits(pattern, path.slice(1)))
  const [name, ...others] = path
  return name !== undefined && fitsName(first, name) && fits(rest, others)
}

/** Whether a name fits a pattern of one segment; by the pieces between its stars, so in linear time. */
function fitsName(pattern: string, name: string): boolean {
  const pieces = pattern.split('*')
  const first = pieces[0] ?? ''
  if (pieces.length === 1) return name === first
  const last = pieces.at(-1) ?? ''
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return at <= name.length - last.length
}
