import { AwsError } from '../../aws/errors.ts'
import { compileDefinition } from '../asl/compile.ts'
import { type Diagnostic, InvalidDefinitionError } from '../asl/diagnostics.ts'
import type { Program } from '../asl/program.ts'
import { warningsOf } from '../asl/warnings.ts'
import type { Api, Operation } from './context.ts'
import { optionalNumber, optionalText, text } from './input.ts'

/** Compiles a definition; its problems are the InvalidDefinition error. */
export function compileOrRefuse(api: Api, definition: string, type: 'STANDARD' | 'EXPRESS'): Program {
  try {
    return api.compile(definition, type)
  } catch (error) {
    if (error instanceof InvalidDefinitionError)
      throw new AwsError('InvalidDefinition', error.message, { cause: error })
    throw error
  }
}

/** The variables that states refer to, of a stored definition; undefined where none does. */
export function variableReferences(api: Api, definition: string, type: 'STANDARD' | 'EXPRESS'): unknown {
  try {
    const { variableReferences } = api.compile(definition, type)
    return Object.keys(variableReferences).length === 0 ? undefined : variableReferences
  } catch {
    // A machine of a project may have a definition that does not compile; it is still described.
    return undefined
  }
}

/** Diagnostics that ValidateStateMachineDefinition answers at most. */
const MAX_DIAGNOSTICS = 100

export const validateStateMachineDefinition: Operation = (_, input) => {
  const type = optionalText(input, 'type') === 'EXPRESS' ? 'EXPRESS' : 'STANDARD'
  const definition = text(input, 'definition')
  const errors = errorsOf(definition, type)
  const wanted = optionalText(input, 'severity') === 'WARNING' ? [...errors, ...warningsOf(definition)] : errors
  const limit = optionalNumber(input, 'maxResults') ?? 0
  const shown = wanted.slice(0, limit === 0 ? MAX_DIAGNOSTICS : limit)
  return {
    result: errors.length > 0 ? 'FAIL' : 'OK',
    diagnostics: shown,
    truncated: shown.length < wanted.length,
  }
}

function errorsOf(definition: string, type: 'STANDARD' | 'EXPRESS'): readonly Diagnostic[] {
  try {
    return compileDefinition(definition, type).diagnostics
  } catch (error) {
    if (error instanceof InvalidDefinitionError) return error.diagnostics
    throw error
  }
}
