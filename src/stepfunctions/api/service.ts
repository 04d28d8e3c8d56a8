import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../../aws/clock.ts'
import { AwsError } from '../../aws/errors.ts'
import type { PageTokens } from '../../aws/pagination.ts'
import type { JsonService } from '../../aws/service.ts'
import type { Catalog } from '../../catalog.ts'
import { compileStateMachine } from '../asl/compile.ts'
import type { Program } from '../asl/program.ts'
import type { WorkflowEngine } from '../engine.ts'
import { createActivity, deleteActivity, describeActivity, getActivityTask, listActivities } from './activities.ts'
import {
  createStateMachineAlias,
  deleteStateMachineAlias,
  describeStateMachineAlias,
  listStateMachineAliases,
  updateStateMachineAlias,
} from './aliases.ts'
import type { Api, Operation } from './context.ts'
import { validateStateMachineDefinition } from './definitions.ts'
import {
  describeExecution,
  describeStateMachineForExecution,
  getExecutionHistory,
  listExecutions,
  redriveExecution,
  startExecution,
  startSyncExecution,
  stopExecution,
} from './executions.ts'
import { checkInput } from './input.ts'
import type { TemporaryMachines } from './machineLookup.ts'
import { describeMapRun, listMapRuns, updateMapRun } from './mapRuns.ts'
import {
  createStateMachine,
  deleteStateMachine,
  describeStateMachine,
  listStateMachines,
  updateStateMachine,
} from './stateMachines.ts'
import { listTagsForResource, tagResource, untagResource } from './tagging.ts'
import { sendTaskFailure, sendTaskHeartbeat, sendTaskSuccess } from './tasks.ts'
import { testState } from './testState.ts'
import { deleteStateMachineVersion, listStateMachineVersions, publishStateMachineVersion } from './versions.ts'

export interface StepFunctionsServiceOptions {
  catalog: Catalog
  engine: WorkflowEngine
  pageTokens: PageTokens
  /** The map that the engine's `MachineLookup` was made with, so that TestState can run a task through the engine. */
  temporary: TemporaryMachines
  /** @default the system's clock */
  clock?: Clock
  /** In [0, 1). @default Math.random */
  random?: () => number
  /** @default compiles; `createCompiler` keeps programs */
  compile?: (definition: string, type: 'STANDARD' | 'EXPRESS') => Program
  /** Whether a log group is there. Without it every log destination is taken as it is. */
  logGroupExists?: (logGroupArn: string) => boolean
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['CreateActivity', createActivity],
  ['CreateStateMachine', createStateMachine],
  ['CreateStateMachineAlias', createStateMachineAlias],
  ['DeleteActivity', deleteActivity],
  ['DeleteStateMachine', deleteStateMachine],
  ['DeleteStateMachineAlias', deleteStateMachineAlias],
  ['DeleteStateMachineVersion', deleteStateMachineVersion],
  ['DescribeActivity', describeActivity],
  ['DescribeExecution', describeExecution],
  ['DescribeMapRun', describeMapRun],
  ['DescribeStateMachine', describeStateMachine],
  ['DescribeStateMachineAlias', describeStateMachineAlias],
  ['DescribeStateMachineForExecution', describeStateMachineForExecution],
  ['GetActivityTask', getActivityTask],
  ['GetExecutionHistory', getExecutionHistory],
  ['ListActivities', listActivities],
  ['ListExecutions', listExecutions],
  ['ListMapRuns', listMapRuns],
  ['ListStateMachineAliases', listStateMachineAliases],
  ['ListStateMachineVersions', listStateMachineVersions],
  ['ListStateMachines', listStateMachines],
  ['ListTagsForResource', listTagsForResource],
  ['PublishStateMachineVersion', publishStateMachineVersion],
  ['RedriveExecution', redriveExecution],
  ['SendTaskFailure', sendTaskFailure],
  ['SendTaskHeartbeat', sendTaskHeartbeat],
  ['SendTaskSuccess', sendTaskSuccess],
  ['StartExecution', startExecution],
  ['StartSyncExecution', startSyncExecution],
  ['StopExecution', stopExecution],
  ['TagResource', tagResource],
  ['TestState', testState],
  ['UntagResource', untagResource],
  ['UpdateMapRun', updateMapRun],
  ['UpdateStateMachine', updateStateMachine],
  ['UpdateStateMachineAlias', updateStateMachineAlias],
  ['ValidateStateMachineDefinition', validateStateMachineDefinition],
])

/** Step Functions' API: every operation of its model, over the catalog and the engine. */
export function createStepFunctionsService(options: StepFunctionsServiceOptions): JsonService {
  const clock = options.clock ?? systemClock
  const api: Api = {
    catalog: options.catalog,
    engine: options.engine,
    pageTokens: options.pageTokens,
    now: () => clock.now(),
    at: (at, task) => clock.at(at, task),
    uuid: randomUUID,
    random: options.random ?? Math.random,
    compile: options.compile ?? createCompiler(),
    temporary: options.temporary,
    ...(options.logGroupExists === undefined ? {} : { logGroupExists: options.logGroupExists }),
  }
  return {
    targetPrefix: 'AWSStepFunctions',
    jsonVersion: '1.0',
    call(operation, input, context) {
      const run = OPERATIONS.get(operation)
      if (run === undefined) throw new AwsError('UnknownOperationException', `Unknown operation: ${operation}`)
      return run(api, checkInput(operation, input), context)
    },
  }
}

/** Programs that a compiler keeps, by definition and type. */
const MAX_KEPT_PROGRAMS = 500
/** Characters of definitions that are worth keeping. */
const MAX_KEPT_DEFINITION = 262_144

/** A compiler that keeps the programs of the definitions it saw last; give the same one to the engine. */
export function createCompiler(): (definition: string, type: 'STANDARD' | 'EXPRESS') => Program {
  const kept = new Map<string, Program>()
  return (definition, type) => {
    const key = `${type}${definition}`
    let program = kept.get(key)
    if (program === undefined) {
      program = compileStateMachine(definition, type)
      if (definition.length > MAX_KEPT_DEFINITION) return program
      const oldest = kept.size >= MAX_KEPT_PROGRAMS ? kept.keys().next().value : undefined
      if (oldest !== undefined) kept.delete(oldest)
    } else {
      kept.delete(key)
    }
    kept.set(key, program)
    return program
  }
}
