import { dirname } from 'node:path'
import type { ProjectContext } from '../projectContext.ts'
import { expandSam } from '../sam/expand.ts'
import { openDocument } from '../source/open.ts'
import { readTemplate, type Template } from './template.ts'

/** Reads a template file and runs its transforms. @returns undefined (and reports) when it cannot be parsed. */
export function openTemplate(project: ProjectContext, path: string): Template | undefined {
  const document = openDocument(project, path)
  if (document === undefined) return undefined
  const template = readTemplate(document, dirname(path), project.problems)
  expandSam(template, project)
  return template
}
