import { messageOf } from '../aws/errors.ts'
import type { ProjectChecks } from '../loading/index.ts'
import { compileCode } from '../runtime/js/compile.ts'
import { compileTemplate } from '../runtime/vtl/compile.ts'
import { compileDefinition } from '../stepfunctions/asl/compile.ts'
import { InvalidDefinitionError } from '../stepfunctions/asl/diagnostics.ts'

/** What a project's texts are checked with: the compilers that will run them. */
export const projectChecks: ProjectChecks = {
  checkCode: (code) => void compileCode(code),
  checkTemplate: (template, side) => void compileTemplate(template, { side }),
  checkStateMachine(definition, type) {
    try {
      return compileDefinition(definition, type).diagnostics
    } catch (error) {
      if (error instanceof InvalidDefinitionError) return error.diagnostics
      return [{ severity: 'ERROR', message: messageOf(error) }]
    }
  },
}
