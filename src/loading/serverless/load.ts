import type { Stack } from '../cloudformation/stack.ts'
import type { ProjectContext } from '../projectContext.ts'
import type { SourceDocument } from '../source/document.ts'
export function loadServerless(
  _project: ProjectContext,
  _document: SourceDocument,
  _options: Readonly<Record<string, string>>,
): Stack[] {
  return []
}
