import { describe, expect, it, vi } from 'vitest'
import { type ExecutionLogMessage, executionLogOf } from '../../../src/stepfunctions/api/executionLog.ts'
import { compileStateMachine } from '../../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../../src/stepfunctions/createWorkflowEngine.ts'
import { openMemoryFolder } from '../../../src/storage/dataFolder.ts'

const FAILING = {
  StartAt: 'Work',
  States: { Work: { Type: 'Pass', Next: 'Stop' }, Stop: { Type: 'Fail', Error: 'Late', Cause: 'It is late.' } },
}

describe('an execution log', () => {
  it('has every event of the level ALL, with the payloads where they are asked for', async () => {
    const entries = (await logsOf('ALL', true)).map(({ entry }) => entry)
    expect(entries.map(({ id, previous_event_id, type }) => [id, previous_event_id, type])).toEqual([
      ['1', '0', 'ExecutionStarted'],
      ['2', '0', 'PassStateEntered'],
      ['3', '2', 'PassStateExited'],
      ['4', '3', 'FailStateEntered'],
      ['5', '4', 'ExecutionFailed'],
    ])
    expect(entries[1]).toEqual({
      id: '2',
      type: 'PassStateEntered',
      details: { name: 'Work', input: '{"a":1}', inputDetails: { truncated: false } },
      redrive_count: '0',
      previous_event_id: '0',
      event_timestamp: expect.stringMatching(/^\d{13}$/),
      execution_arn: expect.stringContaining(':execution:logged:'),
    })
  })

  it('leaves the payloads out without execution data, not the errors', async () => {
    const entries = (await logsOf('ALL', false)).map(({ entry }) => entry)
    expect(entries.map(({ details }) => details)).toEqual([
      { roleArn: 'arn:aws:iam::111122223333:role/logged' },
      { name: 'Work' },
      { name: 'Work' },
      { name: 'Stop' },
      { error: 'Late', cause: 'It is late.' },
    ])
  })

  it.each([
    ['ERROR', ['FailStateEntered', 'ExecutionFailed']],
    ['FATAL', ['ExecutionFailed']],
    ['OFF', []],
  ])('of the level %s has %j', async (level, types) => {
    expect((await logsOf(level, true)).map(({ entry }) => entry.type)).toEqual(types)
  })

  it('names the log group of the configuration', async () => {
    const [first] = await logsOf('FATAL', true)
    expect(first?.logGroupArn).toBe('arn:aws:logs:eu-west-1:111122223333:log-group:flows')
  })
})

async function logsOf(level: string, includeExecutionData: boolean): Promise<ExecutionLogMessage[]> {
  const stateMachineArn = 'arn:aws:states:eu-west-1:111122223333:stateMachine:logged'
  const machine = {
    stateMachineArn,
    name: 'logged',
    definition: JSON.stringify(FAILING),
    roleArn: 'arn:aws:iam::111122223333:role/logged',
    type: 'STANDARD' as const,
    loggingConfiguration: {
      level,
      includeExecutionData,
      destinations: [
        { cloudWatchLogsLogGroup: { logGroupArn: 'arn:aws:logs:eu-west-1:111122223333:log-group:flows:*' } },
      ],
    },
  }
  const messages: ExecutionLogMessage[] = []
  const folder = openMemoryFolder()
  const engine = createWorkflowEngine({
    folder,
    machines: { resolve: () => machine, hasActivity: () => false },
    compile: compileStateMachine,
    onLogEvent(execution, event, revision) {
      const message = executionLogOf(execution, event, revision)
      if (message !== undefined) messages.push(message)
    },
  })
  const { executionArn } = await engine.startExecution({ stateMachineArn, input: '{"a":1}' })
  await vi.waitFor(async () => expect((await engine.describeExecution(executionArn)).status).toBe('FAILED'))
  await engine.close()
  await folder.close()
  return messages
}
