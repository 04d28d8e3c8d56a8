import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AwsError } from '../../src/aws/errors.ts'
import { readSignature, verifySignature } from '../../src/aws/sigv4.ts'
import { createHttpSender } from '../../src/datasources/http/send.ts'
import { createAwsCalls } from '../../src/server/awsCalls.ts'
import { createEmbeddedServices } from '../../src/server/embeddedServices.ts'

interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  pairs: [string, string][]
  body: string
}

const CREDENTIALS = { accessKeyId: 'AKIDREMOTE', secretAccessKey: 'remote secret' }
const sender = createHttpSender()
const received: Received[] = []
let answer: { status: number; headers?: Record<string, string>; body: string }
const elsewhere = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { rawHeaders: raw } = request
    received.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      pairs: raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as [string, string]] : [])),
      body: Buffer.concat(chunks).toString('utf8'),
    })
    response.writeHead(answer.status, answer.headers ?? {})
    response.end(answer.body)
  })
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((ready) => elsewhere.listen(0, '127.0.0.1', ready))
  url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
})
beforeEach(() => {
  received.length = 0
  answer = { status: 200, body: '{}' }
})
afterAll(() => {
  sender.close()
  elsewhere.closeAllConnections()
  elsewhere.close()
})

function call(service: string, action: string, input: Record<string, unknown>, variable: string, endpoint = url) {
  const calls = createAwsCalls({
    services: () => [],
    lambda: { invoke: () => Promise.reject(new Error('unused')) },
    endpoints: new Map([[variable, endpoint]]),
    sender,
    credentials: CREDENTIALS,
  })
  return calls({
    service,
    action,
    input,
    scope: { accountId: '000000000000', region: 'eu-west-1' },
    roleArn: 'arn:aws:iam::000000000000:role/machine',
    executionArn: 'arn:aws:states:eu-west-1:000000000000:execution:m:e',
    signal: new AbortController().signal,
  })
}

describe('a task that calls a service at its endpoint', () => {
  it('sends SQS its JSON, signed for the service and the region', async () => {
    answer.body = '{"MessageId":"m1","MD5OfMessageBody":"x"}'
    const output = await call('sqs', 'sendMessage', { QueueUrl: 'q', MessageBody: { a: 1 } }, 'SQS')
    expect(output).toEqual({ MessageId: 'm1', MD5OfMessageBody: 'x' })
    const [{ method, path, headers, pairs, body }] = received as [Received]
    expect({ method, path, body, target: headers['x-amz-target'], type: headers['content-type'] }).toEqual({
      method: 'POST',
      path: '/',
      body: '{"QueueUrl":"q","MessageBody":"{\\"a\\":1}"}',
      target: 'AmazonSQS.SendMessage',
      type: 'application/x-amz-json-1.0',
    })
    const request = { method, target: path, headers: pairs, body }
    const claim = readSignature(request)
    expect(claim).toMatchObject({ accessKeyId: 'AKIDREMOTE', region: 'eu-west-1', service: 'sqs' })
    verifySignature(request, claim, { secretAccessKey: 'remote secret', now: Date.now() })
  })

  it('sends SNS a form, maps and lists by its rules, and reads its XML', async () => {
    answer.body =
      '<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful><member><Id>a &amp; b</Id><MessageId>0012</MessageId></member></Successful><Failed><member><Id>c</Id><Code>X</Code><SenderFault>true</SenderFault></member></Failed></PublishBatchResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishBatchResponse>'
    const output = await call(
      'sns',
      'publishBatch',
      {
        TopicArn: 't',
        PublishBatchRequestEntries: [
          { Id: 'a', Message: { x: 'ü&=' }, MessageAttributes: { k: { DataType: 'String', StringValue: 'v' } } },
        ],
      },
      'SNS',
    )
    expect(output).toEqual({
      Successful: [{ Id: 'a & b', MessageId: '0012' }],
      Failed: [{ Id: 'c', Code: 'X', SenderFault: true }],
    })
    expect(Object.fromEntries(new URLSearchParams(received[0]?.body))).toEqual({
      Action: 'PublishBatch',
      Version: '2010-03-31',
      TopicArn: 't',
      'PublishBatchRequestEntries.member.1.Id': 'a',
      'PublishBatchRequestEntries.member.1.Message': '{"x":"ü&="}',
      'PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name': 'k',
      'PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType': 'String',
      'PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.StringValue': 'v',
    })
  })

  it('writes members as the service names them and reads them as tasks do', async () => {
    answer.body = '{"logGroups":[{"logGroupName":"g","creationTime":5}]}'
    expect(await call('cloudwatchlogs', 'describeLogGroups', { LogGroupNamePrefix: 'g' }, 'CLOUDWATCH_LOGS')).toEqual({
      LogGroups: [{ LogGroupName: 'g', CreationTime: 5 }],
    })
    expect(received[0]).toMatchObject({
      body: '{"logGroupNamePrefix":"g"}',
      headers: { 'x-amz-target': 'Logs_20140328.DescribeLogGroups', 'content-type': 'application/x-amz-json-1.1' },
    })
  })

  it('tells times as dates', async () => {
    answer.body = '{"Name":"s","SecretString":"v","CreatedDate":1.5}'
    expect(await call('secretsmanager', 'getSecretValue', { SecretId: 's' }, 'SECRETS_MANAGER')).toEqual({
      Name: 's',
      SecretString: 'v',
      CreatedDate: '1970-01-01T00:00:01.500Z',
    })
  })

  it("fails with the service's exception, of either protocol", async () => {
    answer = {
      status: 400,
      headers: { 'x-amzn-requestid': 'r1' },
      body: '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}',
    }
    await expect(call('sqs', 'sendMessage', { QueueUrl: 'q', MessageBody: 'm' }, 'SQS')).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
      message: 'no queue',
      statusCode: 400,
      details: { requestId: 'r1' },
    })
    answer = {
      status: 404,
      body: '<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error><RequestId>r2</RequestId></ErrorResponse>',
    }
    await expect(call('sns', 'publish', { TopicArn: 't', Message: 'm' }, 'SNS')).rejects.toMatchObject({
      code: 'NotFound',
      message: 'Topic does not exist',
      statusCode: 404,
      details: { requestId: 'r2' },
    })
  })

  it('says that the endpoint cannot be reached, or talks of something else', async () => {
    const unreached = call('sqs', 'listQueues', {}, 'SQS', 'http://127.0.0.1:1')
    await expect(unreached).rejects.toThrow(/^Unable to execute HTTP request to AWS_ENDPOINT_URL_SQS: .*ECONNREFUSED/)
    await expect(unreached).rejects.not.toBeInstanceOf(AwsError)
    answer.body = '<html>'
    await expect(call('sqs', 'listQueues', {}, 'SQS')).rejects.toThrow(/^Unable to unmarshall the response/)
    await expect(call('sns', 'listTopics', {}, 'SNS')).rejects.toThrow(/^Unable to unmarshall the response/)
    answer = { status: 302, headers: { location: 'http://169.254.169.254/' }, body: '' }
    await expect(call('sqs', 'listQueues', {}, 'SQS')).rejects.toMatchObject({ code: 'HTTP302' })
  })

  it('names the variable to set, and services that it cannot call', async () => {
    await expect(call('sqs', 'sendMessage', {}, 'SNS')).rejects.toThrow(
      'sqs:sendMessage cannot be called: this server does not answer for sqs; set AWS_ENDPOINT_URL_SQS to where it is.',
    )
    await expect(call('constructor', 'x', {}, 'SQS')).rejects.toThrow('tasks cannot call this service here.')
    await expect(call('sqs', 'toString', {}, 'SQS')).rejects.toMatchObject({ code: 'UnknownOperationException' })
  })
})

describe('an HTTP data source that is aimed at an AWS host', () => {
  const embedded = () =>
    createEmbeddedServices({
      services: [],
      publicTargets: new Set(),
      verify: () => {
        throw new Error('unused')
      },
      endpoints: new Map([
        ['EVENTBRIDGE', url],
        ['BEDROCK_RUNTIME', `${url}/base/`],
      ]),
      sender,
    })
  const send = (target: string) =>
    embedded()({
      method: 'POST',
      url: new URL(target),
      headers: [['x-amz-target', 'AWSEvents.PutEvents']],
      body: '{"Entries":[]}',
      signal: new AbortController().signal,
    })

  it("reaches the endpoint that is set for the host's service, under the host's name", async () => {
    answer.body = '{"FailedEntryCount":0}'
    const settled = await send('https://events.us-east-1.amazonaws.com/?a=b')
    expect(settled).toMatchObject({ statusCode: 200, body: '{"FailedEntryCount":0}' })
    expect(received[0]).toMatchObject({
      path: '/?a=b',
      body: '{"Entries":[]}',
      headers: { host: 'events.us-east-1.amazonaws.com', 'x-amz-target': 'AWSEvents.PutEvents' },
    })
    await send('https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke')
    expect(received[1]).toMatchObject({ path: '/base/model/m/invoke' })
  })

  it('goes where it says without one', () => {
    expect(send('https://sqs.us-east-1.amazonaws.com/')).toBeUndefined()
    expect(send('https://events.us-east-1.amazonaws.com.attacker.example/')).toBeUndefined()
    expect(send('https://example.com/')).toBeUndefined()
  })
})
