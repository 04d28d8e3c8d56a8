import type { Stack } from '../cloudformation/stack.ts'
import type { ProjectContext } from '../projectContext.ts'
export function loadAmplify(_project: ProjectContext, _folder: string): Stack[] {
  return []
}
