import type { Authenticator } from '../auth/authenticator.ts'
import { messageOf } from '../aws/errors.ts'
import type { Catalog } from '../catalog.ts'
import type { GraphqlEngine } from '../graphql/engine.ts'
import { applyProject } from '../loading/applyProject.ts'
import { checkProject, type LoadedProject, type LoadProjectOptions, watchProject } from '../loading/index.ts'
import { formatProblem } from '../loading/problem.ts'
import type { Log } from '../observability/log.ts'
import { checkProviders, schemaProblems } from './authorizationChecks.ts'
import { type ServerOptions, StartError } from './options.ts'
import { projectChecks } from './projectChecks.ts'

export interface ServeProjectOptions {
  load: LoadProjectOptions
  catalog: Catalog
  engine: Pick<GraphqlEngine, 'schemaOf'>
  authenticator: Pick<Authenticator, 'checkProviders'>
  /** Gives an API the fields of its workflows. Returns what is wrong with them, one line each. */
  expose: (workflows: LoadedProject['settings']['workflows']) => string[]
  watch: boolean
  onReload: ServerOptions['onReload']
  log: Log
}

export interface ServedProject {
  /** Warnings and remarks, one line each. */
  problems: readonly string[]
  /** Ends the watching. */
  close(): Promise<void>
}

/** Puts a project's resources into the catalog, and again at each change when it is watched. Rejects with `StartError`. */
export async function serveProject(folder: string, options: ServeProjectOptions): Promise<ServedProject> {
  const { load, catalog, engine, authenticator, expose, onReload } = options
  const loaded = await checkProject(folder, load, projectChecks)
  if (!isServable(loaded)) throw new StartError(linesOf(loaded))
  const providerProblems = await checkProviders(loaded, authenticator)
  if (providerProblems.some(({ severity }) => severity === 'error'))
    throw new StartError(providerProblems.map(formatProblem))
  applyProject(catalog, loaded)
  const unexposed = expose(loaded.settings.workflows)
  if (unexposed.length > 0) throw new StartError(unexposed)
  const problems = [...linesOf(loaded), ...providerProblems.map(formatProblem), ...schemaProblems(catalog, engine)]
  if (!options.watch) return { problems, close: async () => {} }

  const watch = watchProject(folder, loaded, {
    load,
    checks: projectChecks,
    onReload(next, changed) {
      applyProject(catalog, next, changed)
      onReload?.([...linesOf(next), ...expose(next.settings.workflows)], true)
    },
    onBroken: (next) => onReload?.(linesOf(next), false),
    onError: (error) => options.log('error', 'watching the project failed', { error: messageOf(error) }),
  })
  await watch.ready
  return { problems, close: async () => void (await watch.close()) }
}

/**
 * Whether a project can be started. One that is written by hand must be right; of one that a tool built (CDK, Amplify,
 * Serverless) the parts whose files are missing are named, and the rest is served.
 */
function isServable({ format, hasErrors, cannotServe }: LoadedProject): boolean {
  return format === 'cloudformation' ? !hasErrors : !cannotServe
}

function linesOf(loaded: LoadedProject): string[] {
  return loaded.problems.map(formatProblem)
}
