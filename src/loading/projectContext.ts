import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from '../aws/arn.ts'
import type { ResourceType, ResourceTypes } from '../resources.ts'
import { didYouMean } from './nearestName.ts'
import { createProblemList, type ProblemList } from './problem.ts'
import { createProjectFiles, type ProjectFiles } from './projectFiles.ts'
import type { Settings } from './settings.ts'
import type { Path, SourceDocument } from './source/document.ts'

/** One resource for the catalog. */
export type LoadedResource = {
  [T in ResourceType]: { type: T; resource: ResourceTypes[T] }
}[ResourceType]

export type Fail = (message: string, hint?: string) => void

/** Where the files of S3 locations are on this disk; `undefined`: this format does not know. */
export type AssetLocator = (bucket: string | undefined, key: string) => string | undefined

/** What everything that reads one project shares. */
export interface ProjectContext {
  readonly scope: Scope
  readonly baseUrl: string
  readonly files: ProjectFiles
  readonly problems: ProblemList
  readonly settings: Settings
  /** Values of template parameters and of Parameter Store names: from the command, then sidestage.yaml. */
  readonly parameters: ReadonlyMap<string, string>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since the epoch. */
  readonly now: number
  /** `Export: Name:` of every stack of the project. */
  readonly exports: Map<string, () => unknown>
  readonly assets: AssetLocator[]
  readonly resources: LoadedResource[]
  /** Types that are kept but mean nothing here, with how often they occur. */
  readonly unknownTypes: Map<string, number>
  /** Work that needs every resource to be known: attaching policies, checking references. */
  readonly afterwards: (() => void)[]
  /** The declaration that is being loaded: where what it adds comes from. */
  declaring: { place(...path: Path): { document: SourceDocument; path: Path } } | undefined
  /** Where a resource is declared; of one of its properties when `path` says which. */
  locate(arn: string, ...path: Path): { file: string; line: number; column: number } | undefined
  add<T extends ResourceType>(type: T, resource: ResourceTypes[T], fail: Fail): void
  find<T extends ResourceType>(type: T, arn: string): ResourceTypes[T] | undefined
  /** Replaces a resource that was added before. */
  replace<T extends ResourceType>(type: T, resource: ResourceTypes[T]): void
  resolveDynamicReferences(text: string, fail: Fail): string
  importValue(name: string, fail: Fail): unknown
  /** Secret part of generated API keys. */
  readonly seed: string
  /** Writes a file that the project has only as text (inline code), named by its content. @returns its folder. */
  writeWorkFile(name: string, content: string): string
}

export interface ProjectContextOptions {
  folder: string
  scope: Scope
  baseUrl: string
  settings: Settings
  parameters: ReadonlyMap<string, string>
  env: Readonly<Record<string, string | undefined>>
  now: number
  seed: string
  workFolder: string | undefined
  files?: ProjectFiles
  problems?: ProblemList
}

export function createProjectContext(options: ProjectContextOptions): ProjectContext {
  const resources: LoadedResource[] = []
  const index = new Map<string, number>()
  const exports = new Map<string, () => unknown>()
  const openImports = new Set<string>()
  const declarations = new Map<string, NonNullable<ProjectContext['declaring']>>()
  const { parameters } = options
  let workFolder = options.workFolder

  const context: ProjectContext = {
    scope: options.scope,
    baseUrl: options.baseUrl,
    files: options.files ?? createProjectFiles(options.folder),
    problems: options.problems ?? createProblemList(),
    settings: options.settings,
    parameters,
    env: options.env,
    now: options.now,
    seed: options.seed,
    exports,
    assets: [],
    resources,
    unknownTypes: new Map(),
    afterwards: [],
    declaring: undefined,
    locate(arn, ...path) {
      const place = declarations.get(arn)?.place(...path)
      return place === undefined ? undefined : { file: place.document.file, ...place.document.locate(place.path) }
    },
    add(type, resource, fail) {
      const key = `${type}\0${resource.arn}`
      if (index.has(key)) {
        fail(`${type} ${resource.arn} is declared more than once`)
        return
      }
      index.set(key, resources.length)
      if (context.declaring !== undefined) declarations.set(resource.arn, context.declaring)
      resources.push({ type, resource } as LoadedResource)
    },
    find(type, arn) {
      const at = index.get(`${type}\0${arn}`)
      return at === undefined ? undefined : (resources[at]?.resource as ResourceTypes[typeof type] | undefined)
    },
    replace(type, resource) {
      const at = index.get(`${type}\0${resource.arn}`)
      if (at !== undefined) resources[at] = { type, resource } as LoadedResource
    },
    resolveDynamicReferences(text, fail) {
      return replaceReferences(text, (service, name) => {
        const found = parameters.get(name) ?? parameters.get(name.replace(/:\d+$/, ''))
        if (found !== undefined) return found
        const store = service === 'ssm' || service === 'ssm-secure' ? 'Parameter Store value' : 'secret'
        fail(`the ${store} ${name} is not known here`, `add "${name}" to parameters: in sidestage.yaml`)
        return `unresolved:${name}`
      })
    },
    importValue(name, fail) {
      const set = parameters.get(name)
      if (set !== undefined) return set
      const found = exports.get(name)
      if (found === undefined) {
        fail(
          `No export named ${name} found`,
          didYouMean(name, exports.keys()).hint ?? `add "${name}" to parameters: in sidestage.yaml`,
        )
        return `unresolved:${name}`
      }
      if (openImports.has(name)) {
        fail(`export ${name} depends on itself`)
        return `unresolved:${name}`
      }
      openImports.add(name)
      const value = found()
      openImports.delete(name)
      return value
    },
    writeWorkFile(name, content) {
      workFolder ??= mkdtempSync(join(tmpdir(), 'sidestage-project-'))
      const folder = join(
        workFolder,
        createHash('sha256').update(name).update('\0').update(content).digest('hex').slice(0, 32),
      )
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(join(folder, name), content)
      return folder
    },
  }
  return context
}

/** Replaces each `{{resolve:SERVICE:NAME…}}`. */
function replaceReferences(text: string, resolve: (service: string, name: string) => string): string {
  let made = ''
  let at = 0
  for (;;) {
    const open = text.indexOf('{{resolve:', at)
    const close = open === -1 ? -1 : text.indexOf('}}', open)
    if (close === -1) return made + text.slice(at)
    const inside = text.slice(open + '{{resolve:'.length, close)
    const colon = inside.indexOf(':')
    made += text.slice(at, open)
    made += resolve(inside.slice(0, colon), inside.slice(colon + 1))
    at = close + 2
  }
}
