import type { ProjectContext } from '../projectContext.ts'
import { ProjectFileError } from '../projectFiles.ts'
import type { SourceDocument } from '../source/document.ts'
import { openDocument } from '../source/open.ts'
import { localPathOf } from './location.ts'

/** The file that AWS::Include names; undefined (and told) when it cannot be read. */
export function openIncluded(
  project: ProjectContext,
  folder: string,
  location: string,
  fail: (message: string) => void,
): SourceDocument | undefined {
  try {
    const path = localPathOf(project, folder, location)
    if (project.files.kindOf(path) === undefined)
      throw new ProjectFileError('MISSING', project.files.display(path), 'does not exist')
    return openDocument(project, path)
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error
    fail(`${error.file} ${error.message}`)
    return undefined
  }
}
