import { describe, expect, it } from 'vitest'
import { AwsError } from '../../src/aws/errors.ts'
import type { AwsCall, WorkflowIntegrations } from '../../src/stepfunctions/engine.ts'
import { parseTaskResource } from '../../src/stepfunctions/tasks/resource.ts'
import { testEngine } from '../support/workflowEngine.ts'

async function runTask(resource: string, parameters: unknown, integrations: WorkflowIntegrations = {}) {
  const { start, engine, pass, history } = testEngine({ integrations })
  const arn = await start({
    StartAt: 'T',
    States: { T: { Type: 'Task', Resource: resource, Parameters: parameters, End: true } },
  })
  await pass(0)
  const { status, output, error, cause } = await engine.describeExecution(arn)
  return {
    status,
    error,
    cause,
    output: output === undefined ? undefined : JSON.parse(output),
    history: await history(arn),
  }
}

describe('the resource of a task', () => {
  it.each([
    ['arn:aws:lambda:us-east-1:1:function:f', { kind: 'lambda', arn: 'arn:aws:lambda:us-east-1:1:function:f' }],
    ['arn:aws:states:us-east-1:1:activity:a', { kind: 'activity', arn: 'arn:aws:states:us-east-1:1:activity:a' }],
    [
      'arn:aws:states:::states:startExecution.sync:2',
      {
        kind: 'service',
        resourceType: 'states',
        resource: 'startExecution.sync:2',
        service: 'states',
        action: 'startExecution',
        pattern: 'sync:2',
        sdk: false,
      },
    ],
    [
      'arn:aws:states:::aws-sdk:s3:listBuckets.waitForTaskToken',
      {
        kind: 'service',
        resourceType: 'aws-sdk:s3',
        resource: 'listBuckets.waitForTaskToken',
        service: 's3',
        action: 'listBuckets',
        pattern: 'waitForTaskToken',
        sdk: true,
      },
    ],
  ])('%s', (arn, expected) => {
    expect(parseTaskResource(arn)).toEqual(expected)
  })
})

describe('an HTTP task', () => {
  const answering = (answer: () => Response) => {
    const requests: { url: string; init: RequestInit }[] = []
    const integrations: WorkflowIntegrations = {
      fetch: async (url, init) => {
        requests.push({ url: String(url), init: init ?? {} })
        return answer()
      },
      connection: (arn) =>
        arn.endsWith(':key') ? { headers: { 'x-api-key': 'secret' }, query: { q: '1' } } : undefined,
    }
    return { requests, integrations }
  }
  const parameters = {
    ApiEndpoint: 'https://example.com/orders',
    Method: 'POST',
    RequestBody: { n: 1 },
    QueryParameters: { a: ['1', '2'] },
    Headers: { 'X-Trace': 't' },
    Authentication: { ConnectionArn: 'arn:aws:events:us-east-1:1:connection/key:key' },
  }

  it('sends the request with what its connection adds, and answers with its parts', async () => {
    const { requests, integrations } = answering(() =>
      Response.json({ ok: true }, { status: 201, statusText: 'Created' }),
    )
    const { output } = await runTask('arn:aws:states:::http:invoke', parameters, integrations)
    expect(output).toEqual({
      Headers: { 'content-type': ['application/json'] },
      ResponseBody: { ok: true },
      StatusCode: 201,
      StatusText: 'Created',
    })
    expect(requests[0]?.url).toBe('https://example.com/orders?a=1&a=2&q=1')
    expect(requests[0]?.init).toMatchObject({ method: 'POST', body: '{"n":1}' })
    expect(Object.fromEntries(requests[0]?.init.headers as Headers)).toEqual({
      'content-type': 'application/json',
      'x-api-key': 'secret',
      'x-trace': 't',
    })
  })

  it('fails with the status, and with the socket', async () => {
    const missing = answering(() => new Response('no such order', { status: 404 }))
    expect(await runTask('arn:aws:states:::http:invoke', parameters, missing.integrations)).toMatchObject({
      error: 'States.Http.StatusCode.404',
      cause: 'no such order',
    })
    const broken = answering(() => {
      throw new Error('connection refused')
    })
    expect(await runTask('arn:aws:states:::http:invoke', parameters, broken.integrations)).toMatchObject({
      error: 'States.Http.Socket',
      cause: 'connection refused',
    })
  })

  it('reads no more than a task may return', async () => {
    const endless = answering(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
          }),
        ),
    )
    expect(await runTask('arn:aws:states:::http:invoke', parameters, endless.integrations)).toMatchObject({
      error: 'States.Http.Socket',
    })
  })
})

describe('a DynamoDB task', () => {
  it('answers with the item, and fails with the names that the two integrations have', async () => {
    const calls: unknown[] = []
    const dynamodb = {
      send(operation: string, input: Record<string, unknown>) {
        calls.push([operation, input])
        if (input['TableName'] === 'none') {
          throw new AwsError('ResourceNotFoundException', 'Requested resource not found')
        }
        return { Item: { id: { S: '1' } } }
      },
    }
    const key = { TableName: 't', Key: { id: { S: '1' } } }
    expect((await runTask('arn:aws:states:::dynamodb:getItem', key, { dynamodb })).output).toMatchObject({
      Item: { id: { S: '1' } },
      SdkHttpMetadata: { HttpStatusCode: 200 },
    })
    expect((await runTask('arn:aws:states:::aws-sdk:dynamodb:getItem', key, { dynamodb })).output).toEqual({
      Item: { id: { S: '1' } },
    })
    expect(calls).toEqual([
      ['GetItem', key],
      ['GetItem', key],
    ])
    const none = { TableName: 'none', Key: {} }
    const optimized = await runTask('arn:aws:states:::dynamodb:getItem', none, { dynamodb })
    expect(optimized.error).toBe('DynamoDB.ResourceNotFoundException')
    expect(optimized.cause).toMatch(
      /^Requested resource not found \(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: [^;]+; Proxy: null\)$/,
    )
    const sdk = await runTask('arn:aws:states:::aws-sdk:dynamodb:getItem', none, { dynamodb })
    expect(sdk.error).toBe('DynamoDb.ResourceNotFoundException')
    expect(sdk.cause).toMatch(
      /^Requested resource not found \(Service: DynamoDb, Status Code: 400, Request ID: [^)]+\)/,
    )
  })
})

describe('a task of another service', () => {
  it('is handed on with everything that a call needs', async () => {
    const calls: AwsCall[] = []
    const awsSdk = async (call: AwsCall) => {
      calls.push(call)
      return { MessageId: 'm' }
    }
    const parameters = { QueueUrl: 'q', MessageBody: { a: 1 } }
    const { output } = await runTask('arn:aws:states:::sqs:sendMessage', parameters, { awsSdk })
    expect(output).toMatchObject({ MessageId: 'm', SdkHttpMetadata: { HttpStatusCode: 200 } })
    expect((await runTask('arn:aws:states:::aws-sdk:sqs:sendMessage', parameters, { awsSdk })).output).toEqual({
      MessageId: 'm',
    })
    expect(calls[0]).toMatchObject({
      service: 'sqs',
      action: 'sendMessage',
      input: parameters,
      scope: { accountId: '123456789012', region: 'us-east-1' },
    })
  })

  it('fails clearly where there is none', async () => {
    expect(await runTask('arn:aws:states:::sqs:sendMessage', { QueueUrl: 'q', MessageBody: 'm' })).toMatchObject({
      status: 'FAILED',
      error: 'States.TaskFailed',
      cause: "There is no service 'sqs' here. Set AWS_ENDPOINT_URL_SQS to where it is.",
    })
  })

  it('fails clearly where nothing tells when its work has ended', async () => {
    const parameters = { JobDefinition: 'd', JobName: 'n', JobQueue: 'q' }
    const awsSdk = async () => ({})
    expect(await runTask('arn:aws:states:::batch:submitJob.sync', parameters, { awsSdk })).toMatchObject({
      status: 'FAILED',
      cause: expect.stringContaining('batch:submitJob.sync is not available here'),
    })
  })

  it('takes the failed entries of PutEvents for a failure', async () => {
    const awsSdk = async () => ({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'MalformedDetail' }] })
    expect(await runTask('arn:aws:states:::events:putEvents', { Entries: [] }, { awsSdk })).toMatchObject({
      error: 'EventBridge.FailedEntry',
      cause: '{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail"}]}',
    })
  })
})

describe('a mocked task', () => {
  it('answers by the number of the call, and throws', async () => {
    const { engine, machines, pass } = testEngine({
      mocks: {
        StateMachines: { m: { TestCases: { Flaky: { T: 'flaky' } } } },
        MockedResponses: {
          flaky: { '0-1': { Throw: { Error: 'E', Cause: 'C' } }, '2': { Return: { ok: true } } },
        },
      },
    })
    const arn = machines.add('m', {
      StartAt: 'T',
      States: {
        T: {
          Type: 'Task',
          Resource: 'arn:aws:states:::sqs:sendMessage',
          Parameters: { QueueUrl: 'q', MessageBody: 'm' },
          OutputPath: '$.ok',
          Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1, MaxAttempts: 5, BackoffRate: 1 }],
          End: true,
        },
      },
    })
    const { executionArn } = await engine.startExecution({ stateMachineArn: `${arn}#Flaky` })
    await pass(3000)
    expect(await engine.describeExecution(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: 'true' })
    await expect(engine.startExecution({ stateMachineArn: `${arn}#Other` })).rejects.toMatchObject({
      code: 'ValidationException',
    })
  })
})
