import { join } from 'node:path'
import type { ProjectContext } from './projectContext.ts'
import { openDocument } from './source/open.ts'

/** Names of `apiKeys:` that no API key of the project has. */
export function checkReferences(project: ProjectContext): void {
  const { settings, problems, resources, files } = project
  const values = new Set(
    resources.flatMap(({ type, resource }) => (type === 'AWS::AppSync::ApiKey' ? [resource.id] : [])),
  )
  for (const [name, value] of settings.apiKeys) {
    if (values.has(value) || settings.file === undefined) continue
    const document = openDocument({ files, problems }, join(files.root, settings.file))
    problems.add({
      severity: 'error',
      file: settings.file,
      ...(document?.locateKey(['apiKeys', name]) ?? { line: 1, column: 1 }),
      message: `apiKeys.${name} names no API key of the project`,
      hint: 'a key is named by its logical id, or as SAM and Serverless name it',
    })
  }
}
