import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type LoadedProject, type LoadProjectOptions, loadProject } from '../../../src/loading/loadProject.ts'
import { formatProblem } from '../../../src/loading/problem.ts'
import type { ResourceType, ResourceTypes } from '../../../src/resources.ts'

export const NOW = Date.parse('2026-11-20T12:34:56Z')

/** Writes a project into a folder of its own, which is removed after the test. */
export function writeProject(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sidestage-test-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  return folder
}

export function load(folder: string, options: Partial<LoadProjectOptions> = {}): Promise<LoadedProject> {
  return loadProject(folder, { baseUrl: 'http://127.0.0.1:4000', now: NOW, seed: Buffer.from('seed'), ...options })
}

export function loadFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<LoadProjectOptions> = {},
): Promise<LoadedProject> {
  return load(writeProject(files), options)
}

/** A template of these resources; more sections in `more`. */
export function template(resources: string, more = ''): Record<string, string> {
  return { 'template.yaml': `${more}\nResources:\n${resources}` }
}

export const problemsOf = (loaded: LoadedProject): string[] => loaded.problems.map(formatProblem)

export function resourcesOf<T extends ResourceType>(loaded: LoadedProject, type: T): ResourceTypes[T][] {
  return loaded.resources.flatMap((one) => (one.type === type ? [one.resource as ResourceTypes[T]] : []))
}

export function onlyOne<T extends ResourceType>(loaded: LoadedProject, type: T): ResourceTypes[T] {
  const [resource, second] = resourcesOf(loaded, type)
  if (resource === undefined || second !== undefined) throw new Error(`${type}: not exactly one`)
  return resource
}
