import type { Template } from '../cloudformation/template.ts'
import { asText } from '../cloudformation/values.ts'
import type { Problem } from '../problem.ts'
import type { ProjectContext } from '../projectContext.ts'
import { emptyObject, isObject, member, type Path, type PlainObject, type SourceDocument } from '../source/document.ts'

/** A Serverless Framework service whose variables have been resolved, while it is turned into a template. */
export interface Service {
  readonly project: ProjectContext
  readonly document: SourceDocument
  readonly template: Template
  readonly config: unknown
  readonly name: string
  readonly stage: string
  add(resource: {
    logicalId: string
    type: string
    properties: PlainObject
    /** Where it stands in serverless.yml. */
    at: Path
    written?: Readonly<Record<string, Path>>
    sources?: Readonly<Record<string, string>>
    alsoNamed?: readonly string[]
  }): void
  report(severity: Problem['severity'], path: Path, message: string, hint?: string, partial?: boolean): void
}

export function createService(
  project: ProjectContext,
  document: SourceDocument,
  config: unknown,
  options: Readonly<Record<string, string>>,
): Service {
  const service = member(config, 'service')
  const name = asText(service) ?? asText(member(service, 'name')) ?? 'service'
  const stage = options['stage'] ?? asText(member(member(config, 'provider'), 'stage')) ?? 'dev'
  const template: Template = {
    document,
    folder: project.files.root,
    resources: new Map(),
    loops: new Map(),
    parameters: emptyObject(),
    mappings: emptyObject(),
    conditions: emptyObject(),
    outputs: emptyObject(),
    globals: emptyObject(),
    transforms: [],
    aliases: new Map(),
  }
  const report: Service['report'] = (severity, path, message, hint, partial = false) =>
    project.problems.add({
      severity,
      file: document.file,
      ...document.locate(path),
      message,
      path: path.join('.'),
      ...(hint === undefined ? {} : { hint }),
      ...(partial ? { partial } : {}),
    })
  return {
    project,
    document,
    template,
    config,
    name,
    stage,
    report,
    add({ logicalId, type, properties, at, written, sources, alsoNamed }) {
      const kept = emptyObject()
      for (const [key, value] of Object.entries(properties))
        if (value !== undefined && value !== null) kept[key] = value
      if (template.resources.has(logicalId))
        report('error', at, `two parts of the service make the resource ${logicalId}`)
      template.resources.set(logicalId, {
        logicalId,
        type,
        properties: kept,
        path: at,
        document,
        dependsOn: [],
        metadata: undefined,
        folder: project.files.root,
        ...(written === undefined ? {} : { written }),
        ...(sources === undefined ? {} : { sources }),
        ...(alsoNamed === undefined ? {} : { alsoNamed }),
      })
    },
  }
}

/** Serverless's names for logical ids: only letters and digits, the first a capital. */
export function normalized(name: string): string {
  const plainName = name
    .replaceAll('-', 'Dash')
    .replaceAll('_', 'Underscore')
    .replaceAll(/[^0-9A-Za-z]/g, '')
  return plainName.charAt(0).toUpperCase() + plainName.slice(1)
}

/** Entries of a mapping, or of a list of mappings: the plugins take either. */
export function entriesOf(value: unknown, at: Path): { key: string; value: unknown; at: Path }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => entriesOf(item, [...at, index]))
  if (!isObject(value)) return []
  return Object.entries(value).map(([key, item]) => ({ key, value: item, at: [...at, key] }))
}
