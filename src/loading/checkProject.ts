import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Kind, type ObjectTypeDefinitionNode, parse } from 'graphql'
import { cachingWarning } from '../graphql/resolving/cachingWarning.ts'
import { buildSchema, SchemaError } from '../graphql/schema/buildSchema.ts'
import type { AppSyncFunction, GraphqlSchema, Resolver, StateMachine } from '../resources.ts'
import { ResolverSyntaxError } from '../runtime/context.ts'
import { type LoadedProject, type LoadProjectOptions, loadProject } from './loadProject.ts'
import { didYouMean } from './nearestName.ts'
import { createProblemList, type Problem } from './problem.ts'
import { DocumentSyntaxError, type Path } from './source/document.ts'
import { parseDocument } from './source/open.ts'

/** What the engines say of the texts that a project holds; each is left out where its engine is. */
export interface ProjectChecks {
  /** Throws `ResolverSyntaxError` for APPSYNC_JS code that could not run. */
  checkCode?(code: string): void
  /** Throws `ResolverSyntaxError` for a mapping template that could not run. */
  checkTemplate?(template: string, side: 'request' | 'response'): void
  /** Everything that is wrong with a definition of the Amazon States Language. */
  checkStateMachine?(definition: string, type: 'STANDARD' | 'EXPRESS'): readonly StateMachineProblem[]
}

export interface StateMachineProblem {
  severity: 'ERROR' | 'WARNING'
  message: string
  /** JSON pointer. */
  location?: string
}

/** Loads a project and checks every schema, resolver and state machine in it: all problems at once. */
export async function checkProject(
  folder: string,
  options: LoadProjectOptions,
  checks: ProjectChecks = {},
): Promise<LoadedProject> {
  return withChecks(await loadProject(folder, options), checks)
}

/** The project with the problems of its texts beside those of its files, by file and line. */
export function withChecks(loaded: LoadedProject, checks: ProjectChecks): LoadedProject {
  const list = createProblemList()
  for (const problem of loaded.problems) list.add(problem)
  for (const problem of checkTexts(loaded, checks)) list.add(problem)
  const problems = list.all.toSorted(byPlace)
  return { ...loaded, problems, hasErrors: list.hasErrors, cannotServe: list.cannotServe }
}

function byPlace(left: Problem, right: Problem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1
  return left.line - right.line || left.column - right.column
}

function checkTexts(loaded: LoadedProject, checks: ProjectChecks): Problem[] {
  const problems: Problem[] = []
  const fields = new Map<string, ReadonlyMap<string, ReadonlySet<string>>>()
  for (const { type, resource } of loaded.resources) {
    if (type !== 'AWS::AppSync::GraphQLSchema' || resource.status === 'FAILED') continue
    problems.push(...checkSchema(loaded, resource))
    const known = fieldsOf(resource.definition)
    if (known !== undefined) fields.set(resource.apiId, known)
  }
  const checked = new Set<string>()
  for (const { type, resource } of loaded.resources) {
    if (type === 'AWS::AppSync::Resolver') {
      problems.push(...checkField(loaded, resource, fields.get(resource.apiId)))
      problems.push(...checkSteps(loaded, resource, checks, checked))
      problems.push(...checkCaching(loaded, resource))
    } else if (type === 'AWS::AppSync::FunctionConfiguration')
      problems.push(...checkSteps(loaded, resource, checks, checked))
    else if (type === 'AWS::StepFunctions::StateMachine') problems.push(...checkDefinition(loaded, resource, checks))
  }
  return problems
}

/** Whether a cached field would show one caller what it found for another. */
function checkCaching(loaded: LoadedProject, resolver: Resolver): Problem[] {
  if (resolver.cachingConfig === undefined) return []
  const ids = new Set(resolver.pipelineConfig?.functions)
  const functions = loaded.resources.flatMap((entry) =>
    entry.type === 'AWS::AppSync::FunctionConfiguration' &&
    entry.resource.apiId === resolver.apiId &&
    ids.has(entry.resource.functionId)
      ? [entry.resource]
      : [],
  )
  const message = cachingWarning(resolver, functions)
  return message === undefined ? [] : [{ severity: 'warning', ...placeOf(loaded, resolver.arn), message }]
}

/** Where a resource is declared, or the start of the project. */
function placeOf(loaded: LoadedProject, arn: string, ...path: Path): { file: string; line: number; column: number } {
  return loaded.locate(arn, ...path) ?? { file: '.', line: 1, column: 1 }
}

function checkSchema(loaded: LoadedProject, schema: GraphqlSchema): Problem[] {
  try {
    buildSchema(schema.definition)
    return []
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    return error.problems.map(({ message, location }) => ({
      severity: 'error',
      ...textPlace(loaded, schema.arn, 'Definition', schema.sourceFile, location),
      message,
    }))
  }
}

/** A place inside a text: in its own file, or in the template that has it inline. */
function textPlace(
  loaded: LoadedProject,
  arn: string,
  property: string,
  sourceFile: string | undefined,
  location: { line: number; column: number } | undefined,
): { file: string; line: number; column: number } {
  const declared = placeOf(loaded, arn, property)
  if (sourceFile === undefined || location === undefined) return declared
  if (sourceFile !== declared.file) return { file: sourceFile, ...location }
  // A block of text begins on the line after its key; its columns are moved by an indentation that is the same for all lines.
  const lines = readLines(loaded, declared.file)
  const isBlock = /[|>][-+0-9]*\s*$/.test(lines[declared.line - 1] ?? '')
  if (!isBlock) return declared
  const first = lines.slice(declared.line).find((line) => line.trim() !== '') ?? ''
  return {
    file: declared.file,
    line: declared.line + location.line,
    column: location.column + first.length - first.trimStart().length,
  }
}

function readLines(loaded: LoadedProject, file: string): string[] {
  try {
    return readFileSync(join(loaded.folder, file), 'utf8').split('\n')
  } catch {
    return []
  }
}

function fieldsOf(definition: string): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  const made = new Map<string, Set<string>>()
  try {
    for (const node of parse(definition, { noLocation: true }).definitions) {
      if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue
      const { name, fields = [] } = node as ObjectTypeDefinitionNode
      const names = made.get(name.value) ?? new Set()
      made.set(name.value, names)
      for (const field of fields) names.add(field.name.value)
    }
    return made
  } catch {
    return undefined
  }
}

function checkField(
  loaded: LoadedProject,
  resolver: Resolver,
  types: ReadonlyMap<string, ReadonlySet<string>> | undefined,
): Problem[] {
  if (types === undefined) return []
  const names = types.get(resolver.typeName)
  if (names?.has(resolver.fieldName) === true) return []
  const [message, hint] =
    names === undefined
      ? [`Type ${resolver.typeName} not found`, didYouMean(resolver.typeName, types.keys())]
      : [
          `No field named ${resolver.fieldName} found on type ${resolver.typeName}`,
          didYouMean(resolver.fieldName, names),
        ]
  return [
    {
      severity: 'error',
      ...placeOf(loaded, resolver.arn, names === undefined ? 'TypeName' : 'FieldName'),
      message,
      ...hint,
    },
  ]
}

/** @param checked Texts that were checked already: many resolvers share one. */
function checkSteps(
  loaded: LoadedProject,
  step: Resolver | AppSyncFunction,
  checks: ProjectChecks,
  checked: Set<string>,
): Problem[] {
  const { sourceFiles } = step
  const problems: Problem[] = []
  const run = (
    text: string | undefined,
    member: 'code' | 'requestMappingTemplate' | 'responseMappingTemplate',
    check: ((text: string) => void) | undefined,
  ): void => {
    if (text === undefined || check === undefined) return
    const file = sourceFiles?.[member]
    const key = `${member}\0${file ?? ''}\0${text}`
    if (checked.has(key)) return
    checked.add(key)
    try {
      check(text)
    } catch (error) {
      if (!(error instanceof ResolverSyntaxError)) throw error
      const property = member.charAt(0).toUpperCase() + member.slice(1)
      const found = error.problems.length === 0 ? [{ value: error.message, location: undefined }] : error.problems
      for (const { value, location } of found)
        problems.push({ severity: 'error', ...textPlace(loaded, step.arn, property, file, location), message: value })
    }
  }
  run(step.code, 'code', checks.checkCode)
  const { checkTemplate } = checks
  if (checkTemplate !== undefined) {
    run(step.requestMappingTemplate, 'requestMappingTemplate', (text) => checkTemplate(text, 'request'))
    run(step.responseMappingTemplate, 'responseMappingTemplate', (text) => checkTemplate(text, 'response'))
  }
  return problems
}

function checkDefinition(loaded: LoadedProject, machine: StateMachine, checks: ProjectChecks): Problem[] {
  const found = checks.checkStateMachine?.(machine.definition, machine.type) ?? []
  return found.map(({ severity, message, location }) => ({
    severity: severity === 'ERROR' ? 'error' : 'warning',
    ...definitionPlace(loaded, machine, location),
    message: location === undefined ? message : `${message} at ${location}`,
  }))
}

function definitionPlace(
  loaded: LoadedProject,
  machine: StateMachine,
  pointer = '',
): { file: string; line: number; column: number } {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const steps = path.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  const declared = placeOf(loaded, machine.arn, 'Definition', ...steps)
  const file = machine.sourceFile
  if (file === undefined || file === declared.file) return declared
  try {
    const document = parseDocument(readFileSync(join(loaded.folder, file), 'utf8'), file, file)
    return { file, ...document.locate(steps) }
  } catch (error) {
    if (error instanceof DocumentSyntaxError) return { file, ...error.position }
    return { file, line: 1, column: 1 }
  }
}
