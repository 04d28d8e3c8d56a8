import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasTool } from '../support/externalTools.ts'
import { type SidestageProcess, startSidestage } from '../support/sidestageProcess.ts'

const ROLE = 'arn:aws:iam::000000000000:role/any'
let server: SidestageProcess
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sidestage-cli-'))
  server = await startSidestage([folder, '--port', '0', '--memory'])
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Answer {
  code: number
  output: Record<string, never>
  error: string
}

/** Runs `aws ARGS` against the server; what it prints is parsed as JSON. */
function aws(...args: string[]): Promise<Answer> {
  return new Promise((done) => {
    execFile(
      'aws',
      [...args, '--output', 'json'],
      {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          PYENV_ROOT: process.env['PYENV_ROOT'],
          AWS_ENDPOINT_URL: server.url,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_REGION: 'us-east-1',
          AWS_DEFAULT_REGION: 'us-east-1',
          AWS_PAGER: '',
          AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
        },
        timeout: 60_000,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code)
        let output = {} as Record<string, never>
        try {
          output = stdout.trim() === '' ? output : JSON.parse(stdout)
        } catch {
          output = { text: stdout } as unknown as Record<string, never>
        }
        done({ code, output, error: stderr.trim() })
      },
    )
  })
}

async function ok(...args: string[]): Promise<Record<string, never>> {
  const { code, output, error } = await aws(...args)
  expect({ args, code, error }).toEqual({ args, code: 0, error: '' })
  return output
}

describe.skipIf(!hasTool('aws'))('the AWS CLI', { timeout: 120_000 }, () => {
  it('goes through the life of an API', async () => {
    const made = (await ok('appsync', 'create-graphql-api', '--name', 'cli', '--authentication-type', 'API_KEY'))[
      'graphqlApi'
    ] as unknown as {
      apiId: string
      uris: { GRAPHQL: string }
    }
    const { apiId } = made
    const { id: key } = (await ok('appsync', 'create-api-key', '--api-id', apiId))['apiKey'] as unknown as {
      id: string
    }
    writeFileSync(join(folder, 'schema.graphql'), 'type Query { hello(name: String!): String }\n')
    await ok('appsync', 'start-schema-creation', '--api-id', apiId, '--definition', 'fileb://schema.graphql')
    await expect
      .poll(async () => (await ok('appsync', 'get-schema-creation-status', '--api-id', apiId))['status'], {
        timeout: 20_000,
      })
      .toBe('SUCCESS')
    await ok('appsync', 'create-data-source', '--api-id', apiId, '--name', 'none', '--type', 'NONE')
    const code =
      'export function request(ctx) { return { payload: `Hello ${ctx.args.name}` } }\nexport function response(ctx) { return ctx.result }\n'
    writeFileSync(join(folder, 'hello.js'), code)
    const { functionId } = (
      await ok(
        'appsync',
        'create-function',
        '--api-id',
        apiId,
        '--name',
        'greet',
        '--data-source-name',
        'none',
        '--runtime',
        'name=APPSYNC_JS,runtimeVersion=1.0.0',
        '--code',
        'file://hello.js',
      )
    )['functionConfiguration'] as unknown as { functionId: string }
    writeFileSync(
      join(folder, 'pipeline.js'),
      'export function request() { return {} }\nexport function response(ctx) { return ctx.prev.result }\n',
    )
    await ok(
      'appsync',
      'create-resolver',
      '--api-id',
      apiId,
      '--type-name',
      'Query',
      '--field-name',
      'hello',
      '--kind',
      'PIPELINE',
      '--pipeline-config',
      `functions=${functionId}`,
      '--runtime',
      'name=APPSYNC_JS,runtimeVersion=1.0.0',
      '--code',
      'file://pipeline.js',
    )

    const query = async (): Promise<unknown> => {
      const response = await fetch(made.uris.GRAPHQL, {
        method: 'POST',
        headers: { 'x-api-key': key, 'content-type': 'application/json' },
        body: '{"query":"{ hello(name: \\"Ada\\") }"}',
      })
      return response.json()
    }
    expect(await query()).toEqual({ data: { hello: 'Hello Ada' } })
    writeFileSync(join(folder, 'hello.js'), code.replace('Hello', 'Good day'))
    await ok(
      'appsync',
      'update-function',
      '--api-id',
      apiId,
      '--function-id',
      functionId,
      '--name',
      'greet',
      '--data-source-name',
      'none',
      '--runtime',
      'name=APPSYNC_JS,runtimeVersion=1.0.0',
      '--code',
      'file://hello.js',
    )
    expect(await query()).toEqual({ data: { hello: 'Good day Ada' } })
    await ok('appsync', 'delete-graphql-api', '--api-id', apiId)
    const gone = await aws('appsync', 'get-graphql-api', '--api-id', apiId)
    expect(gone.code).not.toBe(0)
    expect(gone.error).toMatch(/^An error occurred \(NotFoundException\) when calling the GetGraphqlApi operation: /)
  })

  it('creates a table, writes, queries and reads its stream', async () => {
    await ok(
      'dynamodb',
      'create-table',
      '--table-name',
      'cli',
      '--billing-mode',
      'PAY_PER_REQUEST',
      '--attribute-definitions',
      'AttributeName=pk,AttributeType=S',
      'AttributeName=sk,AttributeType=N',
      '--key-schema',
      'AttributeName=pk,KeyType=HASH',
      'AttributeName=sk,KeyType=RANGE',
      '--stream-specification',
      'StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES',
    )
    for (const n of ['1', '2', '3'])
      await ok(
        'dynamodb',
        'put-item',
        '--table-name',
        'cli',
        '--item',
        JSON.stringify({ pk: { S: 'a' }, sk: { N: n }, v: { S: `v${n}` } }),
      )
    const queried = await ok(
      'dynamodb',
      'query',
      '--table-name',
      'cli',
      '--key-condition-expression',
      'pk = :p AND sk > :s',
      '--expression-attribute-values',
      '{":p":{"S":"a"},":s":{"N":"1"}}',
    )
    expect(queried['Items']).toEqual([
      { pk: { S: 'a' }, sk: { N: '2' }, v: { S: 'v2' } },
      { pk: { S: 'a' }, sk: { N: '3' }, v: { S: 'v3' } },
    ])
    const refused = await aws('dynamodb', 'get-item', '--table-name', 'cli', '--key', '{"pk":{"S":"a"}}')
    expect(refused.error).toBe(
      'An error occurred (ValidationException) when calling the GetItem operation: The provided key element does not match the schema',
    )
    const streamArn = (await ok('dynamodbstreams', 'list-streams', '--table-name', 'cli'))['Streams']?.[0]?.[
      'StreamArn'
    ] as unknown as string
    const described = await ok('dynamodbstreams', 'describe-stream', '--stream-arn', streamArn)
    const shardId =
      (described['StreamDescription'] as unknown as { Shards: { ShardId: string }[] }).Shards[0]?.ShardId ?? ''
    const iterator = (
      await ok(
        'dynamodbstreams',
        'get-shard-iterator',
        '--stream-arn',
        streamArn,
        '--shard-id',
        shardId,
        '--shard-iterator-type',
        'TRIM_HORIZON',
      )
    )['ShardIterator'] as unknown as string
    const records = (await ok('dynamodbstreams', 'get-records', '--shard-iterator', iterator))[
      'Records'
    ] as unknown as { eventName: string; dynamodb: { Keys: unknown } }[]
    expect(records.map(({ eventName, dynamodb }) => [eventName, dynamodb.Keys])).toEqual(
      ['1', '2', '3'].map((n) => ['INSERT', { pk: { S: 'a' }, sk: { N: n } }]),
    )
  })

  it('goes through the life of machines, executions, activities and callbacks', async () => {
    const activityArn = (await ok('stepfunctions', 'create-activity', '--name', 'work'))[
      'activityArn'
    ] as unknown as string
    const definition = {
      StartAt: 'Work',
      States: {
        Work: { Type: 'Task', Resource: activityArn, TimeoutSeconds: 300, ResultPath: '$.done', Next: 'End' },
        End: { Type: 'Succeed' },
      },
    }
    const stateMachineArn = (
      await ok(
        'stepfunctions',
        'create-state-machine',
        '--name',
        'cli',
        '--role-arn',
        ROLE,
        '--definition',
        JSON.stringify(definition),
      )
    )['stateMachineArn'] as unknown as string
    const executionArn = (
      await ok(
        'stepfunctions',
        'start-execution',
        '--state-machine-arn',
        stateMachineArn,
        '--name',
        'first',
        '--input',
        '{"n":1}',
      )
    )['executionArn'] as unknown as string
    const task = (await ok(
      'stepfunctions',
      'get-activity-task',
      '--activity-arn',
      activityArn,
      '--worker-name',
      'me',
    )) as unknown as { taskToken: string; input: string }
    expect(JSON.parse(task.input)).toEqual({ n: 1 })
    await ok('stepfunctions', 'send-task-heartbeat', '--task-token', task.taskToken)
    await ok('stepfunctions', 'send-task-success', '--task-token', task.taskToken, '--task-output', '{"by":"me"}')
    await expect
      .poll(async () => (await ok('stepfunctions', 'describe-execution', '--execution-arn', executionArn))['output'], {
        timeout: 20_000,
      })
      .toBe('{"n":1,"done":{"by":"me"}}')
    const history = (await ok('stepfunctions', 'get-execution-history', '--execution-arn', executionArn))[
      'events'
    ] as unknown as { type: string }[]
    expect(history.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'ActivityScheduled',
      'ActivityStarted',
      'ActivitySucceeded',
      'TaskStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ])
    const again = await aws('stepfunctions', 'send-task-success', '--task-token', task.taskToken, '--task-output', '{}')
    expect(again.error).toMatch(/\((TaskTimedOut|TaskDoesNotExist|InvalidToken)\)/)

    const version = (
      await ok('stepfunctions', 'publish-state-machine-version', '--state-machine-arn', stateMachineArn)
    )['stateMachineVersionArn'] as unknown as string
    await ok(
      'stepfunctions',
      'create-state-machine-alias',
      '--name',
      'live',
      '--routing-configuration',
      `stateMachineVersionArn=${version},weight=100`,
    )
    const second = (await ok('stepfunctions', 'start-execution', '--state-machine-arn', `${stateMachineArn}:live`))[
      'executionArn'
    ] as unknown as string
    await ok('stepfunctions', 'stop-execution', '--execution-arn', second, '--error', 'Enough')
    expect((await ok('stepfunctions', 'describe-execution', '--execution-arn', second))['status']).toBe('ABORTED')
    const sync = (
      await ok(
        'stepfunctions',
        'create-state-machine',
        '--name',
        'quick',
        '--type',
        'EXPRESS',
        '--role-arn',
        ROLE,
        '--definition',
        '{"StartAt":"P","States":{"P":{"Type":"Pass","Result":7,"End":true}}}',
      )
    )['stateMachineArn'] as unknown as string
    expect(await ok('stepfunctions', 'start-sync-execution', '--state-machine-arn', sync)).toMatchObject({
      status: 'SUCCEEDED',
      output: '7',
    })
    await ok('stepfunctions', 'delete-state-machine', '--state-machine-arn', stateMachineArn)
    const gone = await aws('stepfunctions', 'start-execution', '--state-machine-arn', stateMachineArn)
    expect(gone.error).toBe(
      `An error occurred (StateMachineDoesNotExist) when calling the StartExecution operation: State Machine Does Not Exist: '${stateMachineArn}'`,
    )
  })

  it('says who it is', async () => {
    expect(await ok('sts', 'get-caller-identity')).toEqual({
      UserId: '000000000000',
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:root',
    })
  })
})
