import { Kind, type ObjectTypeDefinitionNode, parse } from 'graphql'
import type { GeneratedWorkflows } from './generate.ts'

/**
 * Puts generated fields into the root types of a schema, and generated types behind it. The schema's own text stays
 * as it is. Throws where a field or type is there already.
 */
export function mergeSchema(sdl: string, { types, fields }: Pick<GeneratedWorkflows, 'types' | 'fields'>): string {
  const document = parse(sdl)
  const taken = new Set(
    document.definitions.map((definition) => ('name' in definition ? definition.name?.value : undefined)),
  )
  for (const [, name] of types.matchAll(/^(?:type|enum) (\w+)/gm)) {
    if (taken.has(name)) throw new Error(`The schema has a type ${name} already`)
  }
  const roots = rootNames(document.definitions)
  const insertions: { at: number; text: string }[] = []
  let added = ''
  for (const [operation, lines] of Object.entries(fields) as [keyof typeof fields, string[]][]) {
    if (lines.length === 0) continue
    const name = roots.get(operation) ?? operation
    const text = lines.map((line) => `  ${line}\n`).join('')
    const definition = document.definitions.find(
      (node): node is ObjectTypeDefinitionNode => node.kind === Kind.OBJECT_TYPE_DEFINITION && node.name.value === name,
    )
    if (definition === undefined) {
      added += `type ${name} {\n${text}}\n\n`
      const block = document.definitions.find(({ kind }) => kind === Kind.SCHEMA_DEFINITION)
      if (block?.loc !== undefined)
        insertions.push({ at: block.loc.end - 1, text: `  ${operation.toLowerCase()}: ${name}\n` })
      continue
    }
    for (const line of lines) {
      const field = /^\w+/.exec(line)?.[0]
      if (definition.fields?.some((own) => own.name.value === field) === true) {
        throw new Error(`${name} has a field ${field} already`)
      }
    }
    if (definition.loc !== undefined) insertions.push({ at: definition.loc.end - 1, text })
  }
  let merged = sdl
  // From the end, so that earlier positions stay right.
  for (const { at, text } of insertions.sort((left, right) => right.at - left.at)) {
    merged = `${merged.slice(0, at).trimEnd()}\n${text}${merged.slice(at)}`
  }
  return `${merged.trimEnd()}\n\n${added}${types}`
}

function rootNames(definitions: ReturnType<typeof parse>['definitions']): Map<string, string> {
  const names = new Map<string, string>()
  for (const definition of definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION) continue
    for (const { operation, type } of definition.operationTypes) {
      names.set(operation.charAt(0).toUpperCase() + operation.slice(1), type.name.value)
    }
  }
  return names
}
