import type { ProblemList } from '../problem.ts'
import { ProjectFileError, type ProjectFiles } from '../projectFiles.ts'
import { DocumentSyntaxError, type SourceDocument } from './document.ts'
import { parseJson } from './json.ts'
import { parseYaml } from './yaml.ts'

/** Reads and parses a YAML or JSON file of the project. @returns undefined (and reports) when it cannot be. */
export function openDocument(
  project: { files: ProjectFiles; problems: ProblemList },
  path: string,
): SourceDocument | undefined {
  const { files, problems } = project
  const file = files.display(path)
  try {
    return parseDocument(files.readText(path), file, path)
  } catch (error) {
    if (error instanceof DocumentSyntaxError) {
      problems.add({ severity: 'error', file, ...error.position, message: error.message })
      return undefined
    }
    if (!(error instanceof ProjectFileError)) throw error
    problems.add({ severity: 'error', file, line: 1, column: 1, message: `${file} ${error.message}` })
    return undefined
  }
}

/** JSON when it begins like JSON, YAML otherwise; CloudFormation decides alike. */
export function parseDocument(text: string, file: string, path: string): SourceDocument {
  return /^\s*\{\s*(?:"|\})/.test(text) ? parseJson(text, file, path) : parseYaml(text, file, path)
}
