import { AwsError } from '../../aws/errors.ts'
import type { CallContext } from '../../aws/service.ts'
import { compileState } from '../asl/compile.ts'
import { InvalidDefinitionError } from '../asl/diagnostics.ts'
import { isObject, type JsonObject, member } from '../asl/json.ts'
import { parseDefinition } from '../asl/parseDefinition.ts'
import type {
  Block,
  CompiledState,
  Departure,
  EvaluationEnvironment,
  InspectionStage,
  MapState,
  ParallelState,
  TaskState,
} from '../asl/program.ts'
import { StatesError } from '../asl/statesError.ts'
import { isoDate } from '../contextObject.ts'
import { matches } from '../retry.ts'
import { parseTaskResource } from '../tasks/resource.ts'
import type { Api, Operation } from './context.ts'
import { compileOrRefuse } from './definitions.ts'
import { checkExecutionInput } from './executions.ts'
import { optionalNumber, optionalObject, optionalText, present, text } from './input.ts'
import { checkMockResult, type FieldValidationMode } from './mockValidation.ts'

/** Name of a state that is tested on its own. */
const STATE_NAME = 'StateName'
/** Longest that a test may take, in milliseconds. */
const MAX_TEST_MS = 300_000

interface Mock {
  /** Parsed. */
  result?: { value: unknown }
  errorOutput?: { error: string; cause: string | undefined }
  mode: FieldValidationMode
}

/** One test: what was asked, and what is found on the way. */
interface Test {
  api: Api
  context: CallContext
  fields: JsonObject
  state: CompiledState
  environment: EvaluationEnvironment
  mock: Mock | undefined
  roleArn: string | undefined
  configuration: Record<string, unknown>
  stages: Map<InspectionStage, unknown>
}

type Answer = Record<string, unknown>

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message)
}

export const testState: Operation = async (api, input, context) => {
  const inputText = checkExecutionInput(optionalText(input, 'input')) ?? '{}'
  const { fields, state } = findState(api, text(input, 'definition'), optionalText(input, 'stateName'))
  const configuration = optionalObject(input, 'stateConfiguration') ?? {}
  const roleArn = optionalText(input, 'roleArn')
  const mock = readMock(state, fields, optionalObject(input, 'mock'), configuration)
  if (mock !== undefined && input['revealSecrets'] === true) {
    throw invalid('TestState does not support RevealSecrets when a mock is specified.')
  }
  if (mock === undefined && state.type === 'Task') {
    if (roleArn === undefined) throw invalid('RoleArn must be specified when testing a Task state')
    if (waits(state)) {
      throw new AwsError(
        'InvalidDefinition',
        'TestState API does not support Activity tasks, or the .sync and .waitForTaskToken service integration patterns, when a mock is not specified.',
      )
    }
  }
  const data: unknown = JSON.parse(inputText)
  const variables = readVariables(optionalText(input, 'variables'))
  const retries = optionalNumber(configuration, 'retrierRetryCount') ?? 0
  const stages = new Map<InspectionStage, unknown>()
  const environment: EvaluationEnvironment = {
    input: data,
    context: readContext(api, context, state, optionalText(input, 'context'), data, roleArn, retries),
    variables: { get: (name) => variables.get(name) },
    now: api.now,
    random: api.random,
    uuid: api.uuid,
    inspect: (stage, value) => void stages.set(stage, value),
  }
  const test: Test = { api, context, fields, state, environment, mock, roleArn, configuration, stages }
  const answer = await run(test, variables)
  const level = optionalText(input, 'inspectionLevel') ?? 'INFO'
  if (level === 'INFO') return answer.response
  return { ...answer.response, inspectionData: inspect(test, inputText, variables, answer.errorDetails) }
}

// ---------------------------------------------------------------- what is tested

function findState(
  api: Api,
  definition: string,
  stateName: string | undefined,
): { fields: JsonObject; state: CompiledState } {
  const parsed = parseDefinition(definition)
  const fields = 'fields' in parsed ? parsed.fields : undefined
  if (fields === undefined || (Object.hasOwn(fields, 'States') && !Object.hasOwn(fields, 'Type'))) {
    const program = compileOrRefuse(api, definition, 'STANDARD')
    if (stateName === undefined) throw invalid('State name must be specified when the definition is a state machine')
    const state = findCompiled(program, stateName)
    const found = fields === undefined ? undefined : findFields(fields, stateName)
    if (state === undefined || found === undefined) throw invalid('State not found in definition')
    return { fields: found, state }
  }
  try {
    const state = compileState(fields, STATE_NAME).states.get(STATE_NAME)
    if (state === undefined) throw invalid('State not found in definition')
    return { fields, state }
  } catch (error) {
    if (error instanceof InvalidDefinitionError)
      throw new AwsError('InvalidDefinition', error.message, { cause: error })
    throw error
  }
}

function findCompiled(block: Block, name: string): CompiledState | undefined {
  const own = block.states.get(name)
  if (own !== undefined) return own
  for (const state of block.states.values()) {
    const inner = state.type === 'Parallel' ? state.branches : state.type === 'Map' ? [state.processor] : []
    for (const nested of inner) {
      const found = findCompiled(nested, name)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function findFields(block: JsonObject, name: string): JsonObject | undefined {
  const states = member(block, 'States')
  if (!isObject(states)) return undefined
  const own = member(states, name)
  if (isObject(own)) return own
  for (const state of Object.values(states)) {
    if (!isObject(state)) continue
    const branches = member(state, 'Branches')
    for (const inner of [
      ...(Array.isArray(branches) ? branches : []),
      member(state, 'ItemProcessor'),
      member(state, 'Iterator'),
    ]) {
      const found = isObject(inner) ? findFields(inner, name) : undefined
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Whether a task ends by somebody who is not called. */
function waits(state: TaskState): boolean {
  const resource = parseTaskResource(state.resource)
  return resource.kind === 'activity' || (resource.kind === 'service' && resource.pattern !== 'requestResponse')
}

function readMock(
  state: CompiledState,
  fields: JsonObject,
  given: Record<string, unknown> | undefined,
  configuration: Record<string, unknown>,
): Mock | undefined {
  if (given === undefined) {
    if (optionalNumber(configuration, 'mapIterationFailureCount') !== undefined) {
      throw invalid('TestState does not support MapIterationFailureCount when a mock is not specified.')
    }
    if (state.type === 'Map' || state.type === 'Parallel') {
      throw new AwsError(
        'InvalidDefinition',
        'TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]',
      )
    }
    return undefined
  }
  if (state.type !== 'Task' && state.type !== 'Map' && state.type !== 'Parallel') {
    throw invalid(`State type '${state.type}' is not supported when a mock is specified`)
  }
  const mode = (optionalText(given, 'fieldValidationMode') ?? 'STRICT') as FieldValidationMode
  const failure = optionalObject(given, 'errorOutput')
  const resultText = optionalText(given, 'result')
  if (failure !== undefined && resultText !== undefined) {
    throw invalid('A test mock should have only one of the following fields: [result, errorOutput].')
  }
  if (failure === undefined && resultText === undefined) {
    throw invalid('A test mock should have one of the following fields: [result, errorOutput].')
  }
  if (failure !== undefined) {
    return { mode, errorOutput: { error: optionalText(failure, 'error') ?? '', cause: optionalText(failure, 'cause') } }
  }
  let value: unknown
  try {
    value = JSON.parse(resultText ?? '')
  } catch {
    throw invalid('Mocked result must be valid JSON')
  }
  const written = state.type === 'Map' && Object.hasOwn(fields, 'ResultWriter')
  if (written && !isObject(value)) throw invalid('Mocked result must be a JSON object.')
  if (state.type !== 'Task' && !written && !Array.isArray(value)) throw invalid('Mocked result must be an array.')
  if (state.type === 'Task') checkMockResult(state.resource, value, mode)
  return { mode, result: { value } }
}

function readVariables(given: string | undefined): Map<string, unknown> {
  if (given === undefined) return new Map()
  const value = parseJson(given, 'Variables')
  if (!isObject(value)) throw invalid('Variables must be a JSON object')
  return new Map(Object.entries(value))
}

function parseJson(value: string, what: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw invalid(`${what} must be valid JSON`)
  }
}

function readContext(
  api: Api,
  { accountId, region }: CallContext,
  state: CompiledState,
  given: string | undefined,
  input: unknown,
  roleArn: string | undefined,
  retries: number,
): Record<string, unknown> {
  if (given !== undefined) {
    const value = parseJson(given, 'Context object')
    if (!isObject(value)) throw invalid('Invalid Context object provided: Context object must be a JSON object')
    if (Object.hasOwn(value, 'Task') && !(state.type === 'Task' && waits(state))) {
      throw invalid(
        "Invalid Context object provided: Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
      )
    }
    return value
  }
  const [machine, execution] = [api.uuid(), api.uuid()]
  const now = isoDate(api.now())
  const retried = state.type === 'Task' || state.type === 'Map' || state.type === 'Parallel'
  return {
    Execution: {
      Id: `arn:aws:states:${region}:${accountId}:express:${machine}:${execution}`,
      Input: input,
      Name: execution,
      RoleArn: roleArn ?? null,
      StartTime: now,
    },
    StateMachine: { Id: `arn:aws:states:${region}:${accountId}:stateMachine:${machine}`, Name: machine },
    State: { Name: STATE_NAME, EnteredTime: now, ...(retried ? { RetryCount: retries } : {}) },
  }
}

// ---------------------------------------------------------------- running it

interface Ran {
  response: Answer
  errorDetails?: Answer
}

async function run(test: Test, variables: Map<string, unknown>): Promise<Ran> {
  try {
    return await runState(test, variables)
  } catch (error) {
    if (!(error instanceof StatesError)) throw error
    return fail(test, { error: error.error, cause: error.cause }, variables)
  }
}

async function runState(test: Test, variables: Map<string, unknown>): Promise<Ran> {
  const { state, environment } = test
  switch (state.type) {
    case 'Pass': {
      const result = await state.result(environment)
      if (Object.hasOwn(test.fields, 'Result')) test.stages.set('result', result)
      return succeed(await state.leave(environment, result), state, variables)
    }
    case 'Succeed':
      return succeed(await state.leave(environment, await state.input(environment)), state, variables)
    case 'Fail': {
      if (state.queryLanguage === 'JSONPath') test.stages.set('afterInputPath', environment.input)
      const { error, cause } = await state.failure(environment)
      return { response: present({ status: 'FAILED', error, cause }) }
    }
    case 'Choice': {
      const chosen = await state.choose(environment)
      return succeed(chosen, state, variables, chosen.next)
    }
    case 'Wait': {
      const data = await state.input(environment)
      await waitUntil(test, await state.until(environment))
      return succeed(await state.leave(environment, data), state, variables)
    }
    case 'Task': {
      const parameters = await state.input(environment)
      const result = await runTask(test, state, parameters)
      return 'failure' in result
        ? fail(test, result.failure, variables)
        : succeed(await state.leave(environment, result.value), state, variables)
    }
    case 'Parallel': {
      await state.input(environment)
      return leaveMocked(test, state, variables)
    }
    case 'Map':
      return runMap(test, state, variables)
    default:
      return state satisfies never
  }
}

function succeed(departure: Departure, state: CompiledState, variables: Map<string, unknown>, chosen?: string): Ran {
  for (const [name, value] of departure.assigned ?? []) variables.set(name, value)
  const next = chosen ?? ('transition' in state && 'next' in state.transition ? state.transition.next : undefined)
  return { response: present({ status: 'SUCCEEDED', output: JSON.stringify(departure.output), nextState: next }) }
}

interface FailedWith {
  error: string | undefined
  cause: string | undefined
}

/** Retry, then Catch, then failure. */
async function fail(test: Test, failure: FailedWith, variables: Map<string, unknown>): Promise<Ran> {
  const { state, environment, configuration } = test
  const response = { error: failure.error, cause: failure.cause }
  if (state.type !== 'Task' && state.type !== 'Map' && state.type !== 'Parallel') {
    return { response: present({ ...response, status: 'FAILED' }) }
  }
  const retryIndex = state.retry.findIndex(({ errorEquals }) => matches(errorEquals, failure))
  const retrier = state.retry[retryIndex]
  const count = optionalNumber(configuration, 'retrierRetryCount') ?? 0
  if (retrier !== undefined && count < retrier.maxAttempts) {
    const interval = Math.min(
      retrier.intervalSeconds * retrier.backoffRate ** count,
      retrier.maxDelaySeconds ?? 99_999_999,
    )
    return {
      response: present({ ...response, status: 'RETRIABLE' }),
      errorDetails: { retryIndex, retryBackoffIntervalSeconds: Math.floor(interval) },
    }
  }
  // A Retry that is used up is named too.
  const exhausted = retrier === undefined ? {} : { retryIndex }
  const catchIndex = state.catch.findIndex(({ errorEquals }) => matches(errorEquals, failure))
  const catcher = state.catch[catchIndex]
  if (catcher === undefined) {
    return {
      response: present({ ...response, status: 'FAILED' }),
      ...(retrier === undefined ? {} : { errorDetails: exhausted }),
    }
  }
  const errorOutput = { Error: failure.error ?? '', ...(failure.cause === undefined ? {} : { Cause: failure.cause }) }
  const departure = await catcher.leave(environment, errorOutput)
  for (const [name, value] of departure.assigned ?? []) variables.set(name, value)
  return {
    response: present({
      ...response,
      status: 'CAUGHT_ERROR',
      nextState: catcher.next,
      output: JSON.stringify(departure.output),
    }),
    errorDetails: { ...exhausted, catchIndex },
  }
}

type TaskResult = { value: unknown } | { failure: FailedWith }

async function runTask(test: Test, state: TaskState, parameters: unknown): Promise<TaskResult> {
  const { mock, environment } = test
  if (mock?.errorOutput !== undefined) return { failure: mock.errorOutput }
  if (mock?.result !== undefined) return mock.result
  const timeoutSeconds = await state.timeoutSeconds?.(environment)
  const credentials = await state.credentials?.(environment)
  // The engine runs the call: in a machine of its own, whose only state takes the evaluated arguments as its input.
  const task: JsonObject = {
    Type: 'Task',
    Resource: state.resource,
    End: true,
    ...(timeoutSeconds === undefined ? {} : { TimeoutSeconds: timeoutSeconds }),
    ...(credentials === undefined ? {} : { Credentials: credentials }),
  }
  return runThroughEngine(test, task, parameters)
}

async function runThroughEngine(test: Test, task: JsonObject, parameters: unknown): Promise<TaskResult> {
  const { api, context, roleArn } = test
  const name = api.uuid()
  const stateMachineArn = `arn:aws:states:${context.region}:${context.accountId}:stateMachine:${name}`
  api.temporary.set(stateMachineArn, {
    stateMachineArn,
    name,
    definition: JSON.stringify({
      StartAt: STATE_NAME,
      TimeoutSeconds: MAX_TEST_MS / 1000,
      States: { [STATE_NAME]: task },
    }),
    roleArn: roleArn ?? '',
    type: 'EXPRESS',
  })
  try {
    const result = await api.engine.startSyncExecution({
      stateMachineArn,
      input: JSON.stringify(parameters),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    })
    if (result.status === 'SUCCEEDED') return { value: JSON.parse(result.output ?? 'null') as unknown }
    const error = result.status === 'TIMED_OUT' ? 'States.Timeout' : result.error
    return { failure: { error, cause: result.cause } }
  } finally {
    api.temporary.delete(stateMachineArn)
  }
}

async function waitUntil(test: Test, due: number): Promise<void> {
  const { api, context } = test
  const latest = api.now() + MAX_TEST_MS
  if (due <= api.now()) return
  await new Promise<void>((resolve) => {
    const cancel = api.at(Math.min(due, latest), resolve)
    context.signal?.addEventListener('abort', () => {
      cancel()
      resolve()
    })
  })
  if (due > latest) throw new StatesError('States.Timeout', 'The test did not complete within 5 minutes')
}

async function leaveMocked(test: Test, state: ParallelState | MapState, variables: Map<string, unknown>): Promise<Ran> {
  const { mock } = test
  if (mock?.errorOutput !== undefined) return fail(test, mock.errorOutput, variables)
  return succeed(await state.leave(test.environment, mock?.result?.value), state, variables)
}

async function runMap(test: Test, state: MapState, variables: Map<string, unknown>): Promise<Ran> {
  const { environment, configuration, stages } = test
  const items = await mapItems(test, state)
  if (state.hasItemSelector) stages.set('afterItemSelector', await selectItems(test, state, items))
  stages.set('maxConcurrency', await state.maxConcurrency(environment))
  const count = await state.toleratedFailureCount?.(environment)
  const percentage = await state.toleratedFailurePercentage?.(environment)
  if (count !== undefined) stages.set('toleratedFailureCount', count)
  if (percentage !== undefined) stages.set('toleratedFailurePercentage', percentage)
  const failures = optionalNumber(configuration, 'mapIterationFailureCount') ?? 0
  if (failures > items.length) {
    throw invalid('Map iteration failure count must be less than or equal to the number of Map iterations')
  }
  const exceeds =
    (count !== undefined && failures > count) ||
    (percentage !== undefined && (failures * 100) / Math.max(1, items.length) > percentage)
  if (test.mock?.errorOutput === undefined && exceeds) {
    return fail(
      test,
      {
        error: 'States.ExceedToleratedFailureThreshold',
        cause: 'The specified tolerated failure threshold was exceeded',
      },
      variables,
    )
  }
  return leaveMocked(test, state, variables)
}

async function mapItems(test: Test, state: MapState): Promise<readonly unknown[]> {
  if (state.itemReader === undefined) return state.items(test.environment)
  await state.input(test.environment)
  await state.itemReader.arguments(test.environment)
  const given = optionalText(test.configuration, 'mapItemReaderData')
  const items = given === undefined ? [] : parseJson(given, 'Map item reader data')
  return Array.isArray(items) ? items : [items]
}

async function selectItems(test: Test, state: MapState, items: readonly unknown[]): Promise<unknown[]> {
  const selected: unknown[] = []
  for (const [index, value] of items.entries()) {
    const context = { ...test.environment.context, Map: { Item: { Index: index, Value: value } } }
    selected.push(await state.itemInput({ ...test.environment, context }, { index, value }))
  }
  return selected
}

// ---------------------------------------------------------------- what is told about it

/** Values that are numbers in the answer; the others are JSON text. */
const NUMBERS: ReadonlySet<InspectionStage> = new Set([
  'maxConcurrency',
  'toleratedFailureCount',
  'toleratedFailurePercentage',
])

/** Values that the service does not tell of a state. */
function hidden({ state, fields }: Test): ReadonlySet<InspectionStage> {
  if (state.type === 'Pass' && Object.hasOwn(fields, 'Result')) return new Set(['afterInputPath', 'afterParameters'])
  if (state.type === 'Map') return new Set(['result'])
  if (state.type === 'Parallel') return new Set(['result', 'afterArguments'])
  return new Set()
}

function inspect(test: Test, input: string, variables: Map<string, unknown>, errorDetails: Answer | undefined): Answer {
  const data: Answer = { input }
  const without = hidden(test)
  for (const [stage, value] of test.stages) {
    if (!without.has(stage)) data[stage] = NUMBERS.has(stage) ? value : JSON.stringify(value)
  }
  if (variables.size > 0) data['variables'] = JSON.stringify(Object.fromEntries(variables))
  if (errorDetails !== undefined) data['errorDetails'] = errorDetails
  return data
}
