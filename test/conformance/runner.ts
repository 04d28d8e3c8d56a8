import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { sharedPath } from '../support/shared.ts'

/**
 * Puts a copy of a shared runner where its imports are found in this project's node_modules.
 * @param name Folder under the shared conformance material.
 * @returns the folder of the copy.
 */
export function copyRunner(name: string): string {
  const root = resolve(import.meta.dirname, '../..')
  const target = join(root, 'node_modules', '.cache', 'sidestage-conformance', name)
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  cpSync(sharedPath('conformance', name, 'run'), join(target, 'run'), { recursive: true })
  return join(target, 'run')
}

/** Runs `node run.mjs` of a copied runner to its end; what it prints goes to `onLine`. */
export function runRunner(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void = () => {},
): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, ['run.mjs', ...args], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    })
    child.once('error', failed)
    child.once('exit', (code) => {
      if (rest !== '') onLine(rest)
      done(code ?? 1)
    })
  })
}
