import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { projectFiles } from './files.ts'

/** A file that `init` would have to overwrite. */
export class ProjectExistsError extends Error {
  override readonly name = 'ProjectExistsError'
  readonly code = 'PROJECT_EXISTS'
  readonly files: readonly string[]

  constructor(folder: string, files: readonly string[]) {
    super(`${folder} has already ${files.join(', ')}: nothing was written`)
    this.files = files
  }
}

/**
 * Writes a small working SAM project into a folder, which is made if it is missing. Overwrites nothing.
 * @returns the paths that were written, relative to the folder.
 * @throws ProjectExistsError when one of the files is there already; nothing is written then.
 */
export function initProject(folder: string): string[] {
  const root = resolve(folder)
  const names = Object.keys(projectFiles)
  // A .gitignore is the folder's own; ours would only be a beginning of it.
  const taken = names.filter((name) => name !== '.gitignore' && existsSync(join(root, name)))
  if (taken.length > 0) throw new ProjectExistsError(root, taken)
  const written: string[] = []
  for (const [name, text] of Object.entries(projectFiles)) {
    const path = join(root, name)
    if (existsSync(path)) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { flag: 'wx' })
    written.push(name)
  }
  return written
}
