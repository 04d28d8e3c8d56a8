import { didYouMean } from '../nearestName.ts'
import type { ProblemList } from '../problem.ts'
import { emptyObject, isObject, member, type Path, type PlainObject, type SourceDocument } from '../source/document.ts'
import { asText } from './values.ts'

/** One resource as a template declares it, its intrinsic functions not yet evaluated. */
export interface TemplateResource {
  logicalId: string
  type: string
  properties: PlainObject
  /** Where `properties` stand in `document`. */
  path: Path
  document: SourceDocument
  condition?: string
  dependsOn: readonly string[]
  metadata: unknown
  /** Names that a transform gave to properties, with those that the user wrote: `Code` was `CodeUri`. */
  written?: Readonly<Record<string, Path>>
  /** Files that texts among the properties were read from. */
  sources?: Readonly<Record<string, string>>
  /** Names beside the logical id by which sidestage.yaml may call it. */
  alsoNamed?: readonly string[]
  /** Folder that relative file names start from. */
  folder: string
  /** SAM's connectors that stand on the resource which is their source. */
  connectors?: PlainObject
}

export interface Template {
  document: SourceDocument
  folder: string
  resources: Map<string, TemplateResource>
  parameters: PlainObject
  mappings: PlainObject
  conditions: PlainObject
  outputs: PlainObject
  globals: PlainObject
  transforms: readonly string[]
  /** Members of `Resources` that are functions: `Fn::ForEach::…`. */
  loops: Map<string, unknown>
  /** `Function.Version`, `Function.Alias`: names for resources that a transform made. */
  aliases: Map<string, string>
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Transform',
  'Globals',
  'Hooks',
  'Resources',
  'Outputs',
]

const RESOURCE_MEMBERS = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'UpdatePolicy',
  'CreationPolicy',
  'Description',
  'Connectors',
  'Version',
  'IgnoreGlobals',
]

/** Whether a parsed document looks like a template at all. */
export function isTemplate(value: unknown): boolean {
  return isObject(member(value, 'Resources'))
}

/** Reads a template's sections, and tells of what CloudFormation would refuse. */
export function readTemplate(document: SourceDocument, folder: string, problems: ProblemList): Template {
  const error = (path: Path, message: string, extra: { hint?: string } = {}): void =>
    problems.add({
      severity: 'error',
      file: document.file,
      ...document.locateKey(path),
      message,
      path: path.join('.'),
      ...extra,
    })
  const section = (name: string): PlainObject => {
    const value = member(document.value, name)
    if (value === undefined || value === null) return emptyObject()
    if (isObject(value)) return value
    error([name], `${name} must be a mapping`)
    return emptyObject()
  }
  if (!isObject(document.value)) error([], 'a template must be a mapping')
  else {
    for (const name of Object.keys(document.value)) {
      if (!SECTIONS.includes(name))
        error([name], `Invalid template property or properties [${name}]`, didYouMean(name, SECTIONS))
    }
  }

  const transform = member(document.value, 'Transform')
  const template: Template = {
    document,
    folder,
    resources: new Map(),
    loops: new Map(),
    parameters: section('Parameters'),
    mappings: section('Mappings'),
    conditions: section('Conditions'),
    outputs: section('Outputs'),
    globals: section('Globals'),
    transforms: (Array.isArray(transform) ? transform : [transform]).flatMap(
      (name) => asText(name) ?? asText(member(name, 'Name')) ?? [],
    ),
    aliases: new Map(),
  }
  for (const [logicalId, declared] of Object.entries(section('Resources'))) {
    if (logicalId.startsWith('Fn::')) template.loops.set(logicalId, declared)
    else declareResource(template, problems, logicalId, declared, ['Resources', logicalId])
  }
  return template
}

/** Adds a resource as it is declared, or tells why it cannot be one. `path`: where it stands in the document. */
export function declareResource(
  template: Template,
  problems: ProblemList,
  logicalId: string,
  declared: unknown,
  path: Path,
): void {
  const { document, folder } = template
  const error = (at: Path, message: string, extra: { hint?: string } = {}): void =>
    problems.add({
      severity: 'error',
      file: document.file,
      ...document.locateKey(at),
      message,
      path: at.join('.'),
      ...extra,
    })
  if (!isObject(declared)) return error(path, `Resource ${logicalId} must be a mapping`)
  const type = member(declared, 'Type')
  if (typeof type !== 'string')
    return error(path, `Resource ${logicalId} has no Type`, { hint: 'for example Type: AWS::AppSync::GraphQLApi' })
  for (const name of Object.keys(declared)) {
    if (!RESOURCE_MEMBERS.includes(name))
      error(
        [...path, name],
        `Encountered unsupported property ${name} in resource ${logicalId}`,
        didYouMean(name, RESOURCE_MEMBERS),
      )
  }
  const properties = member(declared, 'Properties') ?? emptyObject()
  if (!isObject(properties)) error([...path, 'Properties'], `Properties of ${logicalId} must be a mapping`)
  const condition = member(declared, 'Condition')
  const dependsOn = member(declared, 'DependsOn')
  const connectors = member(declared, 'Connectors')
  template.resources.set(logicalId, {
    logicalId,
    type,
    properties: isObject(properties) ? properties : emptyObject(),
    path: [...path, 'Properties'],
    document,
    ...(typeof condition === 'string' ? { condition } : {}),
    dependsOn: (Array.isArray(dependsOn) ? dependsOn : [dependsOn]).filter((name) => typeof name === 'string'),
    metadata: member(declared, 'Metadata'),
    folder,
    ...(isObject(connectors) ? { connectors } : {}),
  })
}
