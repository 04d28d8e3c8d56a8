import { readdirSync, readFileSync } from 'node:fs'
import type { LambdaInvoker } from '../../src/aws/lambdaInvoker.ts'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import type { ExecutionDescription, WorkflowEngine } from '../../src/stepfunctions/engine.ts'
import { openMemoryFolder } from '../../src/storage/dataFolder.ts'
import { sharedPath } from './shared.ts'
import { ACCOUNT, REGION, ROLE, testMachines } from './workflowMachines.ts'

/** A recorded case of the Step Functions conformance material. */
export interface WorkflowCase {
  id: string
  area: string
  kind: string
  needs: string[]
  type: 'STANDARD' | 'EXPRESS'
  definition?: unknown
  definitionText?: string
  input?: unknown
  inputText?: string
  executionName?: string
  names: { stateMachine: string; executionArn: string }
  prerequisites?: { op: string; params: Record<string, string> }[]
  fixtures?: Record<string, unknown>[]
  mockTestCase?: string
  expect: Record<string, unknown> & { history?: Record<string, unknown>[]; order?: string }
}

interface Difference {
  path: string
  expected: unknown
  actual: unknown
}

interface Matching {
  diff(expected: unknown, actual: unknown, bindings: object, options?: object): Difference[]
  diffHistory(expected: unknown, actual: unknown, order: string | undefined, bindings: object): Difference[]
  cleanEvents(events: unknown[]): unknown[]
  resolve<T>(value: T, bindings: object): T
  TRANSPORT: Set<string>
}

export function loadWorkflowCases(): WorkflowCase[] {
  const folder = sharedPath('conformance', 'stepfunctions')
  return readdirSync(folder)
    .filter((name) => /^cases-.*\.json$/.test(name))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as WorkflowCase[])
}

/** Plays recorded executions against an engine in this process. */
export async function createCasePlayer() {
  const folder = sharedPath('conformance', 'stepfunctions', 'run', 'lib')
  const matching = (await import(`${folder}/match.mjs`)) as Matching
  const { baseBindings } = (await import(`${folder}/cases.mjs`)) as {
    baseBindings(given: WorkflowCase, environment: object): Record<string, string>
  }
  const { invoke } = (await import(`${folder}/lambda.mjs`)) as {
    invoke(fixture: object, event: unknown): Promise<{ payload: unknown; error?: string }>
  }
  const functions = new Map<string, object>()
  const lambda: LambdaInvoker = {
    async invoke({ functionName, payload }) {
      const name = functionName.split(':function:').at(-1)?.split(':')[0] ?? ''
      const requestId = crypto.randomUUID()
      const result = await invoke(functions.get(name) ?? {}, JSON.parse(payload))
      return {
        statusCode: 200,
        executedVersion: '$LATEST',
        requestId,
        logResult: 'TE9H',
        payload: JSON.stringify(result.payload) ?? 'null',
        ...(result.error === undefined ? {} : { functionError: 'Unhandled' as const }),
      }
    },
  }
  const machines = testMachines()
  const mocks = { StateMachines: {}, MockedResponses: {} }
  const engine = createWorkflowEngine({
    folder: openMemoryFolder(),
    machines,
    compile: compileStateMachine,
    integrations: { lambda },
    mocks,
  })

  async function play(given: WorkflowCase): Promise<Difference[]> {
    const environment = {
      region: REGION,
      account: ACCOUNT,
      region2: 'us-west-2',
      account2: '222222222222',
      runId: 'r',
      roleArn: ROLE,
    }
    const bindings = baseBindings(given, environment)
    for (const fixture of given.fixtures ?? []) {
      const resolved = matching.resolve(fixture, bindings) as { type: string; name: string; config?: typeof mocks }
      if (resolved.type === 'lambda') functions.set(resolved.name, resolved)
      if (resolved.type === 'mock-config' && resolved.config !== undefined) {
        Object.assign(mocks.StateMachines, resolved.config.StateMachines)
        Object.assign(mocks.MockedResponses, resolved.config.MockedResponses)
      }
    }
    for (const { op, params } of matching.resolve(given.prerequisites ?? [], bindings)) {
      if (op === 'CreateStateMachine') machines.add(params['name'] ?? '', params['definition'] ?? '')
    }
    // Some texts were recorded with the symbols' brackets escaped.
    const recorded = given.definitionText ?? JSON.stringify(given.definition)
    const text = recorded.replaceAll('\\u27e6', '⟦').replaceAll('\\u27e7', '⟧')
    const name = matching.resolve(given.names.stateMachine, bindings)
    const arn = machines.add(name, matching.resolve(text, bindings), given.type)
    const input = given.inputText ?? (given.input === undefined ? undefined : JSON.stringify(given.input))
    const start = {
      stateMachineArn:
        given.mockTestCase === undefined ? arn : `${arn}#${matching.resolve(given.mockTestCase, bindings)}`,
      ...(input === undefined ? {} : { input: matching.resolve(input, bindings) }),
      ...(given.executionName === undefined ? {} : { name: matching.resolve(given.executionName, bindings) }),
    }
    const { expect } = given
    if (given.kind === 'sync-execution') {
      const result = await engine.startSyncExecution(start)
      matching.diff(given.names.executionArn, result.executionArn, bindings)
      return compareEnd(expect, result, bindings)
    }
    const { executionArn } = await engine.startExecution(start)
    matching.diff(given.names.executionArn, executionArn, bindings)
    const description = await ended(engine, executionArn)
    const differences = compareEnd(expect, description, bindings)
    if (expect.history !== undefined) {
      const { items } = await engine.getExecutionHistory({ executionArn, maxResults: 1000 })
      differences.push(...matching.diffHistory(expect.history, matching.cleanEvents(items), expect.order, bindings))
    }
    return differences
  }

  function compareEnd(expect: WorkflowCase['expect'], actual: ExecutionDescription, bindings: object): Difference[] {
    const { diff, TRANSPORT } = matching
    const found = diff({ status: expect['status'] }, { status: actual.status }, bindings)
    if ('output' in expect)
      found.push(...diff(expect['output'], actual.output, bindings, { path: '$.output', ignore: TRANSPORT }))
    else if (expect['status'] === 'FAILED')
      found.push(...diff(expect['error'] ?? null, actual.error ?? null, bindings, { path: '$.error' }))
    if ('cause' in expect) found.push(...diff(expect['cause'], actual.cause, bindings, { path: '$.cause' }))
    return found
  }

  return { play, engine, close: () => engine.close() }
}

/** Waits until an execution has ended. */
export function ended(engine: WorkflowEngine, executionArn: string): Promise<ExecutionDescription> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<boolean> => {
      const description = await engine.describeExecution(executionArn)
      if (description.status === 'RUNNING') return false
      resolve(description)
      return true
    }
    const stop = engine.subscribe({ executionArn }, ({ execution }) => {
      if (execution.status === 'RUNNING') return
      stop()
      resolve(execution)
    })
    look().then((done) => done && stop(), reject)
  })
}
