import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import type { WorkflowEngine, WorkflowEngineOptions } from '../../src/stepfunctions/engine.ts'
import type { HistoryEvent } from '../../src/stepfunctions/history.ts'
import { openMemoryFolder } from '../../src/storage/dataFolder.ts'
import { type VirtualClock, virtualClock } from './virtualClock.ts'
import { type TestMachines, testLambda, testMachines } from './workflowMachines.ts'

type Handler = (event: unknown, signal?: AbortSignal) => unknown

/** An engine in memory with a clock that goes when it is told to, and functions of this process. */
export interface TestEngine {
  engine: WorkflowEngine
  machines: TestMachines
  clock: VirtualClock
  functions: Map<string, Handler>
  /** Adds a machine, starts it, lets it run as far as it can without time passing. */
  start(definition: unknown, input?: unknown, type?: 'STANDARD' | 'EXPRESS'): Promise<string>
  /** The types of all events. */
  types(executionArn: string): Promise<string[]>
  history(executionArn: string): Promise<HistoryEvent[]>
  /** Lets time pass. */
  pass(milliseconds: number): Promise<void>
}

export function testEngine(options: Partial<WorkflowEngineOptions> = {}): TestEngine {
  const machines = testMachines()
  const clock = virtualClock()
  const functions = new Map<string, Handler>()
  const engine = createWorkflowEngine({
    folder: openMemoryFolder(),
    machines,
    compile: compileStateMachine,
    clock,
    random: () => 0.5,
    ...options,
    integrations: { lambda: testLambda((name) => functions.get(name)), ...options.integrations },
  })
  let machinesMade = 0
  const history = async (executionArn: string): Promise<HistoryEvent[]> =>
    (await engine.getExecutionHistory({ executionArn, maxResults: 30_000 })).items
  return {
    engine,
    machines,
    clock,
    functions,
    history,
    async start(definition, input = {}, type = 'STANDARD') {
      const stateMachineArn = machines.add(`machine${++machinesMade}`, definition, type)
      const { executionArn } = await engine.startExecution({ stateMachineArn, input: JSON.stringify(input) })
      await engine.idle()
      return executionArn
    },
    types: async (executionArn) => (await history(executionArn)).map(({ type }) => type),
    pass: (milliseconds) => clock.advance(milliseconds, () => engine.idle()),
  }
}

/** `TYPE<previousEventId`, so that a whole chain reads on one line. */
export function chain(events: readonly HistoryEvent[]): string {
  return events.map(({ type, previousEventId }) => `${type}<${previousEventId}`).join(' ')
}
