import { relative, sep } from 'node:path'
import type { FSWatcher } from 'chokidar'
import { type ProjectChecks, withChecks } from './checkProject.ts'
import { type LoadedProject, type LoadProjectOptions, loadProject } from './loadProject.ts'
import { isInside } from './projectFiles.ts'

export interface WatchProjectOptions {
  load: LoadProjectOptions
  /** @default only what loading finds */
  checks?: ProjectChecks
  /** Told of every reload without errors: apply it. `changed`: absolute paths that were saved since the last one. */
  onReload(loaded: LoadedProject, changed: readonly string[]): void
  /** Told of a save that broke something: what was there before goes on serving. */
  onBroken(loaded: LoadedProject): void
  /** Told when watching or loading itself fails. */
  onError(error: unknown): void
  /** Milliseconds without a further save before the project is read again. @default 100 */
  quietMs?: number
}

/** A project that is read again when its files change. */
export interface ProjectWatch {
  /** Resolves once changes are seen. */
  ready: Promise<void>
  close(): Promise<void>
}

/** Folders whose files are no part of a project. */
const IGNORED = new Set([
  'node_modules',
  '.git',
  '.sidestage',
  '.aws-sam',
  '.serverless',
  '.idea',
  '.vscode',
  '__pycache__',
])
/** Files of a data folder that lies inside the project: the server itself writes them all the time. */
const OWN_FILES = /\.(?:sqlite(?:-(?:wal|shm|journal))?|key)$/
const DEFAULT_QUIET_MS = 100

/** Watches a project: one reload for each burst of saves; a save that breaks the project is told and changes nothing. */
export function watchProject(folder: string, first: LoadedProject, options: WatchProjectOptions): ProjectWatch {
  const quietMs = options.quietMs ?? DEFAULT_QUIET_MS
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let loading: Promise<void> | undefined
  let closed = false
  let watcher: FSWatcher | undefined
  const { folder: root } = first

  // Nothing below may keep hold of `first`: a loaded project holds the parsed files.
  const outside = (loaded: LoadedProject): string[] => loaded.files.filter((file) => !isInside(file, root))

  const firstOutside = outside(first)

  async function reload(): Promise<void> {
    const paths = [...changed]
    changed.clear()
    try {
      const loaded = withChecks(await loadProject(folder, options.load), options.checks ?? {})
      if (closed) return
      watcher?.add(outside(loaded))
      if (loaded.hasErrors) {
        // What is repaired next was changed since the last good state, too.
        for (const path of paths) changed.add(path)
        options.onBroken(loaded)
      } else options.onReload(loaded, paths)
    } catch (error) {
      options.onError(error)
    }
  }

  function schedule(path: string): void {
    changed.add(path)
    if (closed) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      // Saves during a reload are one more reload after it.
      const previous = loading ?? Promise.resolve()
      loading = previous.then(() => (changed.size === 0 || closed ? undefined : reload()))
    }, quietMs)
  }

  const ready = import('chokidar').then(
    ({ watch }) =>
      new Promise<void>((done) => {
        if (closed) return done()
        watcher = watch([root, ...firstOutside], {
          ignoreInitial: true,
          ignored: (path) =>
            OWN_FILES.test(path) ||
            relative(root, path)
              .split(sep)
              .some((name) => IGNORED.has(name)),
        })
        watcher.on('all', (_event, path) => schedule(path))
        watcher.on('error', options.onError)
        watcher.on('ready', () => done())
      }),
  )
  return {
    ready,
    async close() {
      closed = true
      clearTimeout(timer)
      await ready
      await watcher?.close()
      await loading
    },
  }
}
