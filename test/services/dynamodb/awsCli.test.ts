import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AwsJsonServer, serveAwsJson } from '../../support/awsJsonServer.ts'
import { engineInMemory } from './fixture.ts'

const run = promisify(execFile)

/** The AWS CLI takes a second per call and is not everywhere; the tests skip where it is not. */
const hasAwsCli = await run('aws', ['--version']).then(
  () => true,
  () => false,
)

describe.skipIf(!hasAwsCli)('the AWS CLI', { timeout: 60_000 }, () => {
  const { engine, close } = engineInMemory()
  const home = mkdtempSync(join(tmpdir(), 'sidestage-aws-cli-'))
  let server: AwsJsonServer

  beforeAll(async () => {
    server = await serveAwsJson([engine.service, engine.streamsService])
  })
  afterAll(async () => {
    await server.close()
    close()
    rmSync(home, { recursive: true, force: true })
  })

  const aws = async (service: string, operation: string, input: unknown): Promise<Record<string, unknown>> => {
    const { stdout } = await run(
      'aws',
      [service, operation, '--cli-input-json', JSON.stringify(input), '--output', 'json'],
      {
        env: {
          ...process.env,
          AWS_CONFIG_FILE: join(home, 'config'),
          AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
          AWS_PAGER: '',
          AWS_ENDPOINT_URL: server.endpoint,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_DEFAULT_REGION: 'us-east-1',
        },
      },
    )
    return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
  }

  it('creates a table, writes, queries and reads its stream', async () => {
    await aws('dynamodb', 'create-table', {
      TableName: 'Cli',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    })
    await aws('dynamodb', 'put-item', { TableName: 'Cli', Item: { pk: { S: 'a' }, n: { N: '1.50' } } })
    const queried = await aws('dynamodb', 'query', {
      TableName: 'Cli',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'a' } },
    })
    const { Streams } = (await aws('dynamodbstreams', 'list-streams', {})) as { Streams: { StreamArn: string }[] }
    const StreamArn = Streams[0]?.StreamArn
    const { StreamDescription } = (await aws('dynamodbstreams', 'describe-stream', { StreamArn })) as {
      StreamDescription: { Shards: { ShardId: string }[] }
    }
    const { ShardIterator } = await aws('dynamodbstreams', 'get-shard-iterator', {
      StreamArn,
      ShardId: StreamDescription.Shards[0]?.ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    })
    const { Records } = (await aws('dynamodbstreams', 'get-records', { ShardIterator })) as {
      Records: { dynamodb: { NewImage: unknown } }[]
    }
    expect([queried['Items'], Records.map(({ dynamodb }) => dynamodb.NewImage)]).toEqual([
      [{ pk: { S: 'a' }, n: { N: '1.5' } }],
      [{ pk: { S: 'a' }, n: { N: '1.5' } }],
    ])
  })
})
