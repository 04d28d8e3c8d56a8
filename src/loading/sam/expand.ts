import { expandLoops } from '../cloudformation/forEach.ts'
import type { Template, TemplateResource } from '../cloudformation/template.ts'
import { didYouMean } from '../nearestName.ts'
import type { ProjectContext } from '../projectContext.ts'
import { emptyObject, isObject, member, type Path, type PlainObject } from '../source/document.ts'
import { expandConnector } from './connector.ts'
import { expandFunction } from './function.ts'
import { expandGraphQLApi } from './graphqlApi.ts'
import { expandLayerVersion } from './layerVersion.ts'
import { expandSimpleTable } from './simpleTable.ts'
import { expandStateMachine } from './stateMachine.ts'

/** A SAM resource while it is turned into those that CloudFormation knows. */
export interface SamResource {
  readonly declared: TemplateResource
  readonly template: Template
  readonly project: ProjectContext
  /** Properties with the template's Globals merged in. */
  readonly properties: PlainObject
  /** Adds a resource. `at`: where it comes from, inside this resource's properties. */
  add(resource: {
    logicalId: string
    type: string
    properties: PlainObject
    at?: Path
    written?: Readonly<Record<string, Path>>
    alsoNamed?: readonly string[]
  }): void
  report(severity: 'error' | 'warning' | 'info', path: Path, message: string, hint?: string): void
  /** Reports properties that the type does not have. */
  checkNames(known: readonly string[], value?: PlainObject, at?: Path): void
}

type Expansion = (resource: SamResource) => void

const expansions: Readonly<Record<string, { expand: Expansion; globals?: string }>> = {
  'AWS::Serverless::GraphQLApi': { expand: expandGraphQLApi },
  'AWS::Serverless::Function': { expand: expandFunction, globals: 'Function' },
  'AWS::Serverless::SimpleTable': { expand: expandSimpleTable, globals: 'SimpleTable' },
  'AWS::Serverless::StateMachine': { expand: expandStateMachine, globals: 'StateMachine' },
  'AWS::Serverless::LayerVersion': { expand: expandLayerVersion, globals: 'LayerVersion' },
  'AWS::Serverless::Connector': { expand: expandConnector },
}

const SAM_TRANSFORM = 'AWS::Serverless-2016-10-31'
const KNOWN_TRANSFORMS = [
  SAM_TRANSFORM,
  'AWS::LanguageExtensions',
  'AWS::CodeDeployBlueGreen',
  'AWS::SecretsManager-2020-07-23',
  'AWS::SecretsManager-2024-09-16',
]
const GLOBAL_SECTIONS = [
  'Function',
  'Api',
  'HttpApi',
  'SimpleTable',
  'StateMachine',
  'LayerVersion',
  'WebSocketApi',
  'CapacityProvider',
]

/** Runs a template's transforms: loops first, then SAM's resources become those that SAM would make of them. */
export function expandSam(template: Template, project: ProjectContext): void {
  const { document } = template
  expandLoops(template, project)
  const problem = (severity: 'error' | 'warning', path: Path, message: string, hint?: string): void =>
    project.problems.add({
      severity,
      file: document.file,
      ...document.locateKey(path),
      message,
      ...(hint === undefined ? {} : { hint }),
    })

  for (const transform of template.transforms) {
    if (!KNOWN_TRANSFORMS.includes(transform))
      problem(
        'error',
        ['Transform'],
        `the macro ${transform} is not run here`,
        didYouMean(transform, KNOWN_TRANSFORMS).hint,
      )
  }
  const hasSamTypes = [...template.resources.values()].some(({ type }) => type.startsWith('AWS::Serverless::'))
  if (!hasSamTypes) return
  if (!template.transforms.includes(SAM_TRANSFORM))
    problem(
      'error',
      ['Resources'],
      `AWS::Serverless types need the transform ${SAM_TRANSFORM}`,
      `add Transform: ${SAM_TRANSFORM}`,
    )
  for (const section of Object.keys(template.globals)) {
    if (!GLOBAL_SECTIONS.includes(section))
      problem(
        'error',
        ['Globals', section],
        `'Globals' section is invalid. '${section}' is not supported.`,
        didYouMean(section, GLOBAL_SECTIONS).hint,
      )
  }

  for (const source of [...template.resources.values()]) {
    for (const [name, connector] of Object.entries(source.connectors ?? {})) {
      const properties = member(connector, 'Properties')
      template.resources.set(`${source.logicalId}${name}`, {
        ...source,
        logicalId: `${source.logicalId}${name}`,
        type: 'AWS::Serverless::Connector',
        properties: { Source: { Id: source.logicalId }, ...(isObject(properties) ? properties : {}) },
        path: [...source.path.slice(0, -1), 'Connectors', name, 'Properties'],
        dependsOn: [],
      })
    }
  }
  for (const declared of [...template.resources.values()]) {
    const expansion = Object.hasOwn(expansions, declared.type) ? expansions[declared.type] : undefined
    if (expansion === undefined) continue
    template.resources.delete(declared.logicalId)
    const globals = expansion.globals === undefined ? undefined : member(template.globals, expansion.globals)
    const resource = createSamResource(
      template,
      project,
      declared,
      isObject(globals) ? mergeGlobals(globals, declared.properties) : declared.properties,
    )
    expansion.expand(resource)
  }
}

function createSamResource(
  template: Template,
  project: ProjectContext,
  declared: TemplateResource,
  properties: PlainObject,
): SamResource {
  const report: SamResource['report'] = (severity, path, message, hint) =>
    project.problems.add({
      severity,
      file: declared.document.file,
      ...declared.document.locate([...declared.path, ...path]),
      message,
      path: [declared.logicalId, ...path].join('.'),
      ...(hint === undefined ? {} : { hint }),
    })
  return {
    declared,
    template,
    project,
    properties,
    report,
    add({ logicalId, type, properties: made, at = [], written, alsoNamed }) {
      if (template.resources.has(logicalId)) {
        report('error', at, `SAM makes a resource ${logicalId}, which the template has already`)
        return
      }
      template.resources.set(logicalId, {
        ...declared,
        logicalId,
        type,
        properties: withoutUndefined(made),
        path: [...declared.path, ...at],
        ...(written === undefined ? {} : { written }),
        ...(alsoNamed === undefined ? {} : { alsoNamed }),
        // What a resource waits for does not matter here, and SAM's own are in no circle.
        dependsOn: logicalId === declared.logicalId ? declared.dependsOn : [],
      })
    },
    checkNames(known, value = declared.properties, at = []) {
      for (const name of Object.keys(value)) {
        if (!known.includes(name))
          report(
            'error',
            [...at, name],
            `property ${name} not defined for resource of type ${declared.type}`,
            didYouMean(name, known).hint,
          )
      }
    },
  }
}

function withoutUndefined(value: PlainObject): PlainObject {
  const made = emptyObject()
  for (const [key, item] of Object.entries(value)) if (item !== undefined && item !== null) made[key] = item
  return made
}

/** SAM's rule: mappings are merged, lists are joined with the global items first, anything else is the resource's. */
function mergeGlobals(globals: PlainObject, own: PlainObject): PlainObject {
  const made = emptyObject()
  for (const [key, value] of Object.entries(globals)) made[key] = value
  for (const [key, value] of Object.entries(own)) made[key] = mergeValue(made[key], value)
  return made
}

function mergeValue(global: unknown, own: unknown): unknown {
  if (Array.isArray(global) && Array.isArray(own)) return [...global, ...own]
  if (isObject(global) && isObject(own) && !isIntrinsic(global) && !isIntrinsic(own)) return mergeGlobals(global, own)
  return own
}

function isIntrinsic(value: PlainObject): boolean {
  const [key, ...others] = Object.keys(value)
  return key !== undefined && others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'))
}
