import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serviceModel } from '../../../src/aws/model.ts'
import { ROLE_ARN, type StepFunctions, startStepFunctions } from './startStepFunctions.ts'

const PREFIX = 'arn:aws:states:us-east-1:000000000000'
const MACHINE = `${PREFIX}:stateMachine:m`
const PASS = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } })
const OTHER = JSON.stringify({ StartAt: 'B', States: { B: { Type: 'Pass', Result: 1, End: true } } })

let service: StepFunctions
beforeEach(() => {
  service = startStepFunctions()
})
afterEach(() => service.close())

const call = (operation: string, input: object = {}): Promise<Record<string, unknown>> => service.call(operation, input)
const create = (more: object = {}): Promise<Record<string, unknown>> =>
  call('CreateStateMachine', { name: 'm', definition: PASS, roleArn: ROLE_ARN, ...more })

/** Code and message of what an operation throws. */
async function refusal(operation: string, input: object): Promise<string> {
  return call(operation, input).then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
  )
}

describe('the operations', () => {
  it('are those of the model, all of them', async () => {
    for (const operation of Object.keys(serviceModel('stepfunctions').operations)) {
      expect(await refusal(operation, { nonsense: true })).not.toContain('UnknownOperationException')
    }
    expect(await refusal('Nope', {})).toBe('UnknownOperationException: Unknown operation: Nope')
  })

  it('refuse inputs that the model refuses', async () => {
    expect(await refusal('DescribeStateMachine', {})).toBe(
      "ValidationException: 1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null",
    )
    expect(
      await refusal('CreateStateMachine', { name: 'x'.repeat(81), definition: PASS, roleArn: ROLE_ARN }),
    ).toContain("at 'name' failed to satisfy constraint: Member must have length less than or equal to 80")
    expect(await refusal('DescribeStateMachine', { stateMachineArn: 5 })).toMatch(/^SerializationException: /)
    expect(await refusal('DescribeStateMachine', [] as unknown as object)).toMatch(/^SerializationException: /)
    expect(await refusal('StartExecution', { stateMachineArn: MACHINE, input: 'x'.repeat(262_145) })).toMatch(
      /^ValidationException: /,
    )
  })
})

describe('ARNs and names', () => {
  it.each([
    ['nonsense', "InvalidArn: Invalid Arn: 'Invalid ARN prefix: nonsense'"],
    [`${PREFIX}:express:m:e:1`, "InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'"],
    [MACHINE, "InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'"],
  ])('%s is no execution', async (arn, expected) => {
    expect(await refusal('DescribeExecution', { executionArn: arn })).toBe(expected)
  })

  it.each(['a b', 'a/b', 'a:b', 'a\u0000', 'a\u0085', 'a"', '\ud800'])('%j is no name', async (name) => {
    expect(await refusal('CreateStateMachine', { name, definition: PASS, roleArn: ROLE_ARN })).toMatch(
      /^InvalidName: Invalid Name: /,
    )
  })
})

describe('state machines', () => {
  it('are created once: the same again is the same, another is refused', async () => {
    const first = await create()
    expect(first).toEqual({ stateMachineArn: MACHINE, creationDate: expect.any(Number) })
    expect(await create({ roleArn: 'arn:aws:iam::000000000000:role/other' })).toEqual(first)
    expect(await refusal('CreateStateMachine', { name: 'm', definition: OTHER, roleArn: ROLE_ARN })).toBe(
      `StateMachineAlreadyExists: State Machine Already Exists: '${MACHINE}'`,
    )
  })

  it('are updated with a new revision, described and deleted with all that hangs on them', async () => {
    await create({ publish: true, tags: [{ key: 'k', value: 'v' }] })
    const update = await call('UpdateStateMachine', {
      stateMachineArn: MACHINE,
      definition: OTHER,
      tracingConfiguration: { enabled: true },
    })
    expect(update).toEqual({ updateDate: expect.any(Number), revisionId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(await call('DescribeStateMachine', { stateMachineArn: MACHINE })).toEqual({
      stateMachineArn: MACHINE,
      name: 'm',
      status: 'ACTIVE',
      definition: OTHER,
      roleArn: ROLE_ARN,
      type: 'STANDARD',
      creationDate: expect.any(Number),
      loggingConfiguration: { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: { enabled: true },
      encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
      revisionId: update['revisionId'],
    })
    expect(await call('DescribeStateMachine', { stateMachineArn: `${MACHINE}:1` })).toMatchObject({ definition: PASS })
    expect(await refusal('UpdateStateMachine', { stateMachineArn: MACHINE })).toMatch(/^MissingRequiredParameter: /)
    await call('DeleteStateMachine', { stateMachineArn: MACHINE })
    expect(await refusal('DescribeStateMachine', { stateMachineArn: `${MACHINE}:1` })).toMatch(
      /^StateMachineDoesNotExist: /,
    )
    expect(await call('ListStateMachines')).toEqual({ stateMachines: [] })
  })

  it('are listed in pages whose tokens nobody else can make', async () => {
    for (const name of ['a', 'b', 'c']) await create({ name })
    const first = await call('ListStateMachines', { maxResults: 2 })
    const second = await call('ListStateMachines', { maxResults: 2, nextToken: first['nextToken'] })
    const names = [first, second].flatMap(({ stateMachines }) =>
      (stateMachines as { name: string }[]).map(({ name }) => name),
    )
    expect(names.sort()).toEqual(['a', 'b', 'c'])
    expect(second).not.toHaveProperty('nextToken')
    expect(await refusal('ListStateMachines', { nextToken: 'forged' })).toBe(
      "InvalidToken: Invalid Token: 'Invalid token'",
    )
    expect(await refusal('ListActivities', { nextToken: first['nextToken'] })).toBe(
      "InvalidToken: Invalid Token: 'Invalid token'",
    )
  })

  it('belong to the account and region of the call', async () => {
    await create()
    const elsewhere = { accountId: '111111111111', region: 'eu-west-1' }
    expect(await service.call('ListStateMachines', {}, elsewhere)).toEqual({ stateMachines: [] })
  })
})

describe('versions', () => {
  it('have numbers that are never used again', async () => {
    await create({ publish: true })
    await call('DeleteStateMachineVersion', { stateMachineVersionArn: `${MACHINE}:1` })
    await call('UpdateStateMachine', { stateMachineArn: MACHINE, definition: OTHER })
    expect(await call('PublishStateMachineVersion', { stateMachineArn: MACHINE })).toMatchObject({
      stateMachineVersionArn: `${MACHINE}:2`,
    })
  })
})

describe('aliases', () => {
  const routing = (...weights: number[]): object[] =>
    weights.map((weight, at) => ({ stateMachineVersionArn: `${MACHINE}:${at + 1}`, weight }))

  it('start the version that they route to', async () => {
    await create({ publish: true })
    await call('UpdateStateMachine', { stateMachineArn: MACHINE, definition: OTHER, publish: true })
    const { stateMachineAliasArn: alias } = await call('CreateStateMachineAlias', {
      name: 'live',
      routingConfiguration: routing(0, 100),
    })
    const { executionArn } = await call('StartExecution', { stateMachineArn: alias, name: 'e' })
    await service.engine.idle()
    expect(await call('DescribeExecution', { executionArn })).toMatchObject({
      status: 'SUCCEEDED',
      output: '1',
      stateMachineArn: MACHINE,
      stateMachineAliasArn: alias,
      stateMachineVersionArn: `${MACHINE}:2`,
    })
  })

  it('route to one or two versions with weights of 100 together', async () => {
    await create({ publish: true })
    expect(await refusal('CreateStateMachineAlias', { name: 'a', routingConfiguration: routing(90) })).toMatch(
      /^ValidationException: .*100/,
    )
    expect(await refusal('CreateStateMachineAlias', { name: 'a', routingConfiguration: routing(50, 50) })).toMatch(
      /^ResourceNotFound: /,
    )
    expect(await refusal('CreateStateMachineAlias', { name: '1', routingConfiguration: routing(100) })).toMatch(
      /^ValidationException: /,
    )
    expect(await refusal('DescribeStateMachineAlias', { stateMachineAliasArn: `${MACHINE}:nope` })).toMatch(
      /^ResourceNotFound: /,
    )
  })
})

describe('executions', () => {
  it('answer their inputs, outputs and history with times in seconds', async () => {
    await create()
    const started = await call('StartExecution', { stateMachineArn: MACHINE, name: 'e', input: '{"a":0}' })
    await service.engine.idle()
    expect(await call('DescribeExecution', { executionArn: started['executionArn'] })).toEqual({
      executionArn: `${PREFIX}:execution:m:e`,
      stateMachineArn: MACHINE,
      name: 'e',
      status: 'SUCCEEDED',
      startDate: started['startDate'],
      stopDate: expect.any(Number),
      input: '{"a":0}',
      inputDetails: { included: true },
      output: '{"a":0}',
      outputDetails: { included: true },
      redriveCount: 0,
      redriveStatus: expect.any(String),
      redriveStatusReason: expect.any(String),
    })
    const pages: unknown[] = []
    let nextToken: unknown
    do {
      const page = await call('GetExecutionHistory', {
        executionArn: started['executionArn'],
        maxResults: 3,
        reverseOrder: true,
        ...(nextToken === undefined ? {} : { nextToken }),
      })
      pages.push(...(page['events'] as { type: string }[]).map(({ type }) => type))
      nextToken = page['nextToken']
    } while (nextToken !== undefined)
    expect(pages).toEqual(['ExecutionSucceeded', 'PassStateExited', 'PassStateEntered', 'ExecutionStarted'])
  })

  it.each([
    ['{', 'InvalidExecutionInput'],
    ['', 'InvalidExecutionInput'],
  ])('refuse the input %j', async (input, code) => {
    await create()
    expect(await refusal('StartExecution', { stateMachineArn: MACHINE, input })).toMatch(new RegExp(`^${code}: `))
  })

  it('of an EXPRESS machine are answered at once, with their billing', async () => {
    await create({ type: 'EXPRESS' })
    expect(await call('StartSyncExecution', { stateMachineArn: MACHINE, input: '[0]' })).toMatchObject({
      status: 'SUCCEEDED',
      output: '[0]',
      billingDetails: { billedMemoryUsedInMB: 64, billedDurationInMilliseconds: expect.any(Number) },
    })
    expect(await refusal('ListExecutions', { stateMachineArn: MACHINE })).toBe(
      'StateMachineTypeNotSupported: This operation is not supported by this type of state machine',
    )
  })
})

describe('tags', () => {
  it('are at most fifty', async () => {
    await create()
    const tags = Array.from({ length: 51 }, (_, at) => ({ key: `k${at}`, value: '' }))
    expect(await refusal('TagResource', { resourceArn: MACHINE, tags })).toMatch(/^TooManyTags: /)
    await call('TagResource', { resourceArn: MACHINE, tags: [{ key: '__proto__', value: 'v' }] })
    expect(await call('ListTagsForResource', { resourceArn: MACHINE })).toEqual({
      tags: [{ key: '__proto__', value: 'v' }],
    })
    expect(await refusal('ListTagsForResource', { resourceArn: `${MACHINE}x` })).toMatch(/^ResourceNotFound: /)
  })
})

describe('ValidateStateMachineDefinition', () => {
  it('answers warnings where they are wanted; they are no failure', async () => {
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Result: '$.a', End: true } } })
    expect(await call('ValidateStateMachineDefinition', { definition })).toEqual({
      result: 'OK',
      diagnostics: [],
      truncated: false,
    })
    expect(await call('ValidateStateMachineDefinition', { definition, severity: 'WARNING' })).toMatchObject({
      result: 'OK',
      diagnostics: [{ severity: 'WARNING', code: 'PASS_RESULT_IS_STATIC', location: '/States/A/Result' }],
    })
  })
})

describe('TestState', () => {
  it('runs a Task through the engine', async () => {
    const inner = startStepFunctions({
      lambda: {
        invoke: async ({ functionName, payload }) => ({
          statusCode: 200,
          payload: JSON.stringify({ called: functionName, with: JSON.parse(payload) }),
          executedVersion: '$LATEST',
          requestId: 'r',
        }),
      },
    })
    try {
      const definition = JSON.stringify({
        Type: 'Task',
        Resource: 'arn:aws:lambda:us-east-1:000000000000:function:f',
        Parameters: { 'x.$': '$.n' },
        ResultPath: '$.r',
        Next: 'N',
      })
      const answer = await inner.call('TestState', { definition, roleArn: ROLE_ARN, input: '{"n":{"y.$":"$.z"}}' })
      expect(answer).toMatchObject({ status: 'SUCCEEDED', nextState: 'N' })
      expect(JSON.parse(String(answer['output']))).toMatchObject({ r: { with: { x: { 'y.$': '$.z' } } } })
    } finally {
      await inner.close()
    }
  })

  it('tells whether a failure would be retried', async () => {
    const definition = JSON.stringify({
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 2 }],
      End: true,
    })
    const test = (retrierRetryCount: number): Promise<Record<string, unknown>> =>
      call('TestState', {
        definition,
        inspectionLevel: 'DEBUG',
        mock: { errorOutput: { error: 'E', cause: 'c' } },
        stateConfiguration: { retrierRetryCount },
      })
    expect(await test(1)).toMatchObject({
      status: 'RETRIABLE',
      error: 'E',
      inspectionData: { errorDetails: { retryIndex: 0, retryBackoffIntervalSeconds: 6 } },
    })
    expect(await test(2)).toMatchObject({ status: 'FAILED', error: 'E', cause: 'c' })
  })
})
