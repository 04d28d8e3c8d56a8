import {
  checkFields,
  checkNumber,
  type DefinitionScope,
  has,
  objectField,
  type Place,
  problem,
  requireFields,
  textField,
} from './check.ts'
import { type Diagnostic, InvalidDefinitionError } from './diagnostics.ts'
import { checkGraph, type Lead } from './graph.ts'
import { isObject, type JsonObject, member } from './json.ts'
import { parseDefinition } from './parseDefinition.ts'
import type { Block, CompiledState, Program, QueryLanguage } from './program.ts'
import { type CompiledChoice, compileChoice } from './states/choice.ts'
import { compileFail } from './states/fail.ts'
import { compileMap, LabelError } from './states/map.ts'
import { labelErrorMessage } from './states/mapLabel.ts'
import { compileParallel } from './states/parallel.ts'
import { compilePass } from './states/pass.ts'
import { compileSucceed } from './states/succeed.ts'
import { compileTask } from './states/task.ts'
import { compileWait } from './states/wait.ts'
import { checkVariables } from './variables.ts'

/** Characters of a state's name. */
export const MAX_STATE_NAME_LENGTH = 80
/** Blocks that may be nested in each other. */
const MAX_BLOCK_DEPTH = 100
const MAX_TIMEOUT_SECONDS = 99_999_999

/** Problems after which no more are looked for. */
const MAX_PROBLEMS = 1000
/** Characters of a problem's message and of its place; a place of a hundred nested blocks has fewer. */
const MAX_PROBLEM_LENGTH = 16_384

class TooManyProblems extends Error {}

/** A definition, compiled where it could be, and everything that was found on the way. */
export interface CompiledDefinition {
  /** Absent when there is an error among the diagnostics. */
  program?: Program
  diagnostics: Diagnostic[]
}

/** Compiles a definition. Throws `InvalidDefinitionError` with all its problems. */
export function compileStateMachine(definition: string, type: 'STANDARD' | 'EXPRESS'): Program {
  const { program, diagnostics } = compileDefinition(definition, type)
  if (program === undefined) throw new InvalidDefinitionError(diagnostics)
  return program
}

/**
 * Compiles one state on its own, whose targets need not exist. The program has the state alone, under `name`.
 * Throws `InvalidDefinitionError`.
 */
export function compileState(state: JsonObject, name: string): Program {
  const language = member(state, 'QueryLanguage')
  const fields: JsonObject = {
    StartAt: name,
    States: { [name]: state },
    ...(language === undefined ? {} : { QueryLanguage: language }),
  }
  const { program, diagnostics } = compileParsed(fields, 'STANDARD', true)
  if (program === undefined) throw new InvalidDefinitionError(diagnostics)
  return program
}

/** Compiles a definition and tells all its problems. Throws `InvalidDefinitionError` only for a Map's wrong label. */
export function compileDefinition(definition: string, type: 'STANDARD' | 'EXPRESS'): CompiledDefinition {
  const parsed = parseDefinition(definition)
  return 'problem' in parsed ? { diagnostics: [parsed.problem] } : compileParsed(parsed.fields, type)
}

function compileParsed(fields: JsonObject, type: 'STANDARD' | 'EXPRESS', detached = false): CompiledDefinition {
  const diagnostics: Diagnostic[] = []
  const language: QueryLanguage = member(fields, 'QueryLanguage') === 'JSONata' ? 'JSONata' : 'JSONPath'
  const scope: DefinitionScope = {
    type,
    language,
    report: (diagnostic) => {
      diagnostics.push(clipped(diagnostic))
      if (diagnostics.length >= MAX_PROBLEMS) throw new TooManyProblems()
    },
    references: new Map(),
    names: new Set(),
    labels: new Set(),
  }
  const root: Place = { scope, stateName: '', location: '', field: '', fields, language }
  try {
    checkFields(root, { both: ['StartAt', 'States', 'QueryLanguage', 'Version', 'TimeoutSeconds'] })
    checkQueryLanguage(root)
    const timeoutSeconds = has(root, 'TimeoutSeconds')
      ? checkNumber(root, 'TimeoutSeconds', member(fields, 'TimeoutSeconds'), {
          minimum: 1,
          maximum: MAX_TIMEOUT_SECONDS,
        })
      : undefined
    const version = textField(root, 'Version')
    if (version !== undefined && version !== '1.0') problem(root, 'Value must be one of [1.0]', 'Version')
    const comment = textField(root, 'Comment')
    const block = compileBlock(root, 0, detached)
    checkVariables(root)
    if (diagnostics.some(({ severity }) => severity === 'ERROR')) return { diagnostics }
    return {
      diagnostics,
      program: {
        ...block,
        queryLanguage: language,
        variableReferences: referencesOf(scope),
        ...(comment === undefined ? {} : { comment }),
        ...(version === undefined ? {} : { version }),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      },
    }
  } catch (error) {
    if (error instanceof TooManyProblems) return { diagnostics }
    if (!(error instanceof LabelError)) throw error
    throw new InvalidDefinitionError(
      [...diagnostics, { severity: 'ERROR', code: 'SCHEMA_VALIDATION_FAILED', message: error.message }],
      labelErrorMessage(error.message, fields),
    )
  }
}

function clipped(diagnostic: Diagnostic): Diagnostic {
  const { message, location } = diagnostic
  return {
    ...diagnostic,
    message: message.slice(0, MAX_PROBLEM_LENGTH),
    ...(location === undefined ? {} : { location: location.slice(0, MAX_PROBLEM_LENGTH) }),
  }
}

function referencesOf(scope: DefinitionScope): Record<string, readonly string[]> {
  const references: Record<string, readonly string[]> = Object.create(null)
  for (const [state, names] of scope.references) references[state] = [...names]
  return references
}

function checkQueryLanguage(place: Place): void {
  const value = textField(place, 'QueryLanguage')
  if (value !== undefined && value !== 'JSONPath' && value !== 'JSONata') {
    problem(place, 'Value must be one of [JSONPath, JSONata]', 'QueryLanguage')
  }
}

function compileBlock(block: Place, depth: number, detached = false): Block {
  requireFields(block, ['StartAt', 'States'])
  const startAt = textField(block, 'StartAt')
  const fields = objectField(block, 'States')
  const states = new Map<string, CompiledState>()
  const leads = new Map<string, Lead[]>()
  if (depth > MAX_BLOCK_DEPTH) {
    problem(block, 'States are nested too deeply')
    return { startAt: '', states }
  }
  if (fields !== undefined && Object.keys(fields).length === 0) problem(block, 'Value cannot be empty', 'States')
  for (const [name, value] of Object.entries(fields ?? {})) {
    const location = `${block.location}/States/${name}`
    checkName(block, name, location)
    if (!isObject(value)) {
      block.scope.report({
        severity: 'ERROR',
        code: 'SCHEMA_VALIDATION_FAILED',
        message: 'Expected value of type Object',
        location,
      })
      continue
    }
    const place: Place = {
      ...block,
      stateName: name,
      location,
      field: '',
      fields: value,
      language: block.scope.language,
    }
    const state = compileFields(place, depth)
    if (state === undefined) continue
    states.set(name, state)
    leads.set(name, leadsOf(state))
  }
  if (!detached && fields !== undefined && states.size === Object.keys(fields).length)
    checkGraph(block, startAt, states, leads)
  return { startAt: startAt ?? '', states }
}

function checkName(block: Place, name: string, location: string): void {
  const { scope } = block
  if (scope.names.has(name)) {
    scope.report({
      severity: 'ERROR',
      code: 'DUPLICATE_STATE_NAME',
      message: `Duplicate State name: ${name}`,
      location,
    })
  }
  scope.names.add(name)
  if ([...name].length > MAX_STATE_NAME_LENGTH || name === '') {
    scope.report({
      severity: 'ERROR',
      code: 'INVALID_STATE_NAME',
      message: `State name must have between 1 and ${MAX_STATE_NAME_LENGTH} characters`,
      location,
    })
  }
}

const STATE_TYPES = ['Task', 'Pass', 'Choice', 'Wait', 'Succeed', 'Fail', 'Parallel', 'Map'] as const

function compileFields(base: Place, depth: number): CompiledState | undefined {
  const own = member(base.fields, 'QueryLanguage')
  checkQueryLanguage(base)
  if (own === 'JSONPath' && base.scope.language === 'JSONata') {
    problem(base, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine")
    return undefined
  }
  const place: Place = { ...base, language: own === 'JSONata' ? 'JSONata' : base.scope.language }
  requireFields(place, ['Type'])
  const type = textField(place, 'Type')
  const inner = (block: Place): Block => compileBlock(block, depth + 1)
  const comment = textField(place, 'Comment')
  const state = ((): CompiledState | undefined => {
    switch (type) {
      case 'Task':
        return compileTask(place)
      case 'Pass':
        return compilePass(place)
      case 'Choice':
        return compileChoice(place)
      case 'Wait':
        return compileWait(place)
      case 'Succeed':
        return compileSucceed(place)
      case 'Fail':
        return compileFail(place)
      case 'Parallel':
        return compileParallel(place, inner)
      case 'Map':
        return compileMap(place, inner)
      default:
        if (type !== undefined) problem(place, `Value must be one of [${STATE_TYPES.join(', ')}]`, 'Type')
        return undefined
    }
  })()
  if (state !== undefined && comment !== undefined) state.comment = comment
  return state
}

function leadsOf(state: CompiledState): Lead[] {
  const leads: Lead[] = []
  if (state.type === 'Choice') return leads.concat((state as CompiledChoice).targets)
  if ('transition' in state && 'next' in state.transition) leads.push({ field: 'Next', next: state.transition.next })
  if ('catch' in state) {
    for (const [at, { next }] of state.catch.entries()) leads.push({ field: `Catch[${at}]/Next`, next })
  }
  return leads
}
