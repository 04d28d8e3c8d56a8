import { describe, expect, it } from 'vitest'
import { AwsError } from '../../src/aws/errors.ts'
import type { CallContext, JsonService } from '../../src/aws/service.ts'
import { createEmbeddedServices } from '../../src/server/embeddedServices.ts'

const CONTEXT: CallContext = {
  accountId: '000000000000',
  region: 'eu-west-1',
  principalArn: 'arn:aws:iam::000000000000:root',
}

function setUp(call: JsonService['call']) {
  const verified: string[] = []
  const answer = createEmbeddedServices({
    services: [{ targetPrefix: 'AWSStepFunctions', jsonVersion: '1.0', call }],
    publicTargets: new Set(),
    verify(_request, signingName) {
      verified.push(signingName)
      return CONTEXT
    },
    endpoints: new Map(),
    sender: { send: () => Promise.reject(new Error('nothing goes elsewhere')), close: () => {} },
    activityPollMs: 20,
  })
  const send = (host: string, target: string, body = '{}') =>
    answer({
      method: 'POST',
      url: new URL(`https://${host}/`),
      headers: [['X-Amz-Target', target]],
      body,
      signal: new AbortController().signal,
    })
  return { send, verified }
}

describe('a request to an AWS host that is answered here', () => {
  it.each([
    'states.eu-west-1.amazonaws.com',
    'sync-states.us-east-1.amazonaws.com',
    'states.cn-north-1.amazonaws.com.cn',
  ])('reaches the service behind %s, its signature checked', async (host) => {
    const { send, verified } = setUp((operation, input) => ({ operation, input }))
    expect(await send(host, 'AWSStepFunctions.ListStateMachines', '{"maxResults":1}')).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: '{"operation":"ListStateMachines","input":{"maxResults":1}}',
    })
    expect(verified).toEqual(['states'])
  })

  it('answers the service’s errors as the service does', async () => {
    const { send } = setUp(() => {
      throw new AwsError('ExecutionDoesNotExist', 'no such execution')
    })
    expect(await send('states.eu-west-1.amazonaws.com', 'AWSStepFunctions.DescribeExecution')).toEqual({
      statusCode: 400,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': 'ExecutionDoesNotExist' },
      body: '{"__type":"ExecutionDoesNotExist","message":"no such execution"}',
    })
  })

  it('ends a poll for work before the field’s time is over', async () => {
    const { send } = setUp(
      (_operation, _input, { signal }) =>
        new Promise((done) => signal?.addEventListener('abort', () => done({}), { once: true })),
    )
    expect(await send('states.eu-west-1.amazonaws.com', 'AWSStepFunctions.GetActivityTask')).toMatchObject({
      statusCode: 200,
      body: '{}',
    })
  })

  it('is none of another service or of another domain', () => {
    const { send } = setUp(() => ({}))
    expect(send('sqs.eu-west-1.amazonaws.com', 'AmazonSQS.SendMessage')).toBe(undefined)
    expect(send('states.eu-west-1.amazonaws.com.attacker.example', 'AWSStepFunctions.ListStateMachines')).toBe(
      undefined,
    )
  })
})
