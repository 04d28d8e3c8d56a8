import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, parse, relative, resolve, sep } from 'node:path'

/** Largest text that is read: templates, schemas, code. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024
/** Entries that one listing of a folder may have. */
const MAX_ENTRIES = 100_000

/** Why a file cannot be read; the sentence continues "FILE …". */
export class ProjectFileError extends Error {
  override readonly name = 'ProjectFileError'
  readonly code: 'MISSING' | 'OUTSIDE' | 'NOT_A_FILE' | 'TOO_LARGE' | 'NOT_UTF8' | 'UNREADABLE'
  /** Relative to the project. */
  readonly file: string

  constructor(code: ProjectFileError['code'], file: string, message: string) {
    super(message)
    this.code = code
    this.file = file
  }
}

/** Reads the files of one project and of nothing else, each once, and remembers which. Made anew for each load. */
export interface ProjectFiles {
  /** Absolute folder of the project. */
  readonly root: string
  /**
   * What files must stay in: the project's folder, or the repository that it belongs to (templates in a folder of
   * their own name code in its neighbours).
   */
  readonly boundary: string
  /** Reads a text file: UTF-8, without byte order mark. `path` is absolute. Throws `ProjectFileError`. */
  readText(path: string): string
  /** Absolute path of `name` as written in a file that stands in `folder`. Throws when it leads out. */
  resolveFrom(folder: string, name: string): string
  /** Whether it is there, and what; also inside the boundary only. */
  kindOf(path: string): 'file' | 'folder' | undefined
  /** Names in a folder, sorted; empty when there is none. */
  list(folder: string): string[]
  /** Relative to the project, with `/`. */
  display(path: string): string
  /** Notes a file or folder that is used, but not read by us (code of functions). */
  use(path: string): void
  /** Absolute paths of everything that was read or looked for: what a watcher watches. */
  readonly used: ReadonlySet<string>
}

export function createProjectFiles(folder: string): ProjectFiles {
  const root = resolve(folder)
  const boundary = boundaryOf(root)
  const realBoundary = realpathIfAny(boundary) ?? boundary
  const used = new Set<string>()
  const texts = new Map<string, string>()
  const display = (path: string): string => relative(root, path).split(sep).join('/') || '.'

  const refuse = (code: ProjectFileError['code'], path: string, message: string): never => {
    throw new ProjectFileError(code, display(path), message)
  }
  const checked = new Set<string>()
  const check = (path: string): void => {
    if (checked.has(path)) return
    if (path.includes('\0')) refuse('OUTSIDE', path.replaceAll('\0', ''), 'has a NUL character in its name')
    if (!isInside(path, boundary)) refuse('OUTSIDE', path, 'is outside of the project')
    const real = realpathIfAny(path)
    if (real !== undefined && !isInside(real, realBoundary)) refuse('OUTSIDE', path, 'leads out of the project')
    if (real !== undefined) checked.add(path)
  }

  return {
    root,
    boundary,
    used,
    display,
    use: (path) => void used.add(path),
    resolveFrom(from, name) {
      const path = isAbsolute(name) ? resolve(name) : resolve(from, name)
      check(path)
      return path
    },
    kindOf(path) {
      check(path)
      try {
        const stats = statSync(path)
        return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : undefined
      } catch {
        return undefined
      }
    },
    list(path) {
      check(path)
      try {
        return readdirSync(path).slice(0, MAX_ENTRIES).sort()
      } catch {
        return []
      }
    },
    readText(path) {
      const known = texts.get(path)
      if (known !== undefined) return known
      check(path)
      used.add(path)
      let descriptor: number
      try {
        // Without NONBLOCK a named pipe would hold us for ever.
        descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOENT' || code === 'ENOTDIR') return refuse('MISSING', path, 'does not exist')
        return refuse('UNREADABLE', path, `cannot be read (${code ?? 'unknown error'})`)
      }
      try {
        const stats = fstatSync(descriptor)
        if (!stats.isFile()) return refuse('NOT_A_FILE', path, stats.isDirectory() ? 'is a folder' : 'is not a file')
        if (stats.size > MAX_TEXT_BYTES)
          return refuse('TOO_LARGE', path, `is larger than ${MAX_TEXT_BYTES / 1024 / 1024} MB`)
        const bytes = Buffer.alloc(stats.size)
        let length = 0
        while (length < bytes.length) {
          const read = readSync(descriptor, bytes, length, bytes.length - length, length)
          if (read === 0) break
          length += read
        }
        const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length))
        texts.set(path, text)
        return text
      } catch (error) {
        if (error instanceof ProjectFileError) throw error
        if (error instanceof TypeError) return refuse('NOT_UTF8', path, 'is not UTF-8 text')
        return refuse(
          'UNREADABLE',
          path,
          `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
        )
      } finally {
        closeSync(descriptor)
      }
    },
  }
}

export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function realpathIfAny(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}

/** The nearest folder above that holds a repository, unless it is the user's home or the root of the file system. */
function boundaryOf(root: string): string {
  const top = parse(root).root
  for (let folder = root; folder !== top && folder !== homedir(); folder = dirname(folder)) {
    try {
      statSync(join(folder, '.git'))
      return folder
    } catch {
      // Further up.
    }
  }
  return root
}
