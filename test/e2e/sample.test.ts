import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPriceService } from '../support/priceService.ts'
import { copySample, runNode, type SidestageProcess, startSidestage } from '../support/sidestageProcess.ts'

const run = promisify(execFile)
const KEY = 'da2-ordersample0000000000000000'

let prices: Awaited<ReturnType<typeof startPriceService>>
let sample: ReturnType<typeof copySample>
let data: string
beforeAll(async () => {
  prices = await startPriceService()
  sample = copySample(`parameters:\n  PriceEndpoint: ${prices.url}\n`)
  data = mkdtempSync(join(tmpdir(), 'sidestage-data-'))
})
afterAll(() => {
  prices.close()
  sample.remove()
  rmSync(data, { recursive: true, force: true })
})

async function query(server: SidestageProcess, text: string, variables: Record<string, unknown> = {}) {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': KEY },
    body: JSON.stringify({ query: text, variables }),
  })
  return (await response.json()) as { data: Record<string, never>; errors?: { message: string }[] }
}

const PLACE = `mutation ($quantity: Int!) {
  placeOrder(input: { customer: "Ada", lines: [{ goodId: "tea", quantity: $quantity }] }) { id executionArn status }
}`

const statusOf = async (server: SidestageProcess, id: string): Promise<unknown> =>
  (await query(server, 'query ($id: ID!) { order(id: $id) { status reason } }', { id })).data['order']

describe('the sample project', () => {
  it('is served with real clients: Amplify orders, hears and approves, the AWS SDK looks on', {
    timeout: 60_000,
  }, async () => {
    const server = await startSidestage([sample.folder, '--port', '0', '--data', data])
    try {
      const authority = /NODE_EXTRA_CA_CERTS=(\S+)/.exec(server.output())?.[1] ?? ''
      const { code, stdout, stderr } = await runNode([resolve(import.meta.dirname, 'clients/amplify.mjs')], {
        ENDPOINT: `${server.url}/graphql`,
        API_KEY: KEY,
        NODE_EXTRA_CA_CERTS: authority,
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const steps = Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((line) => Object.values(JSON.parse(line)) as [string, never]),
      )
      const placed = steps['placed'] as unknown as { id: string; executionArn: string }
      expect(steps).toEqual({
        placed: {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          customer: 'Ada',
          status: 'PLACED',
          executionArn: `arn:aws:states:us-east-1:000000000000:execution:OrderFulfilment:${placed.id}`,
          lines: [{ goodId: 'tea', quantity: 2, good: { name: 'Green tea' } }],
        },
        charged: { status: 'CHARGED', reason: null },
        event: { id: placed.id, status: 'APPROVED', reason: 'fine', customer: null },
        approved: { status: 'APPROVED', reason: 'fine' },
        invalid: [
          {
            path: null,
            locations: [{ line: 2, column: 3, sourceName: null }],
            message:
              "Validation error of type FieldUndefined: Field 'nothing' in type 'Query' is undefined @ 'nothing'",
          },
        ],
      })

      const sfn = new SFNClient({
        endpoint: server.url,
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      })
      const { stateMachines } = await sfn.send(new ListStateMachinesCommand({}))
      expect(stateMachines?.map(({ name, type }) => ({ name, type }))).toEqual([
        { name: 'OrderFulfilment', type: 'STANDARD' },
      ])
      const { executionArn } = placed
      await expect
        .poll(async () => (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status, { timeout: 10_000 })
        .toBe('SUCCEEDED')
      const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }))
      expect(events?.map(({ type }) => type)).toEqual([
        'ExecutionStarted',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSucceeded',
        'TaskStateExited',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSubmitted',
        'TaskSucceeded',
        'TaskStateExited',
        'ChoiceStateEntered',
        'ChoiceStateExited',
        'PassStateEntered',
        'PassStateExited',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSucceeded',
        'TaskStateExited',
        'TaskStateEntered',
        'LambdaFunctionScheduled',
        'LambdaFunctionStarted',
        'LambdaFunctionSucceeded',
        'TaskStateExited',
        'ExecutionSucceeded',
      ])
      const listed = await sfn.send(new ListExecutionsCommand({ stateMachineArn: stateMachines?.[0]?.stateMachineArn }))
      expect(listed.executions).toHaveLength(1)
      sfn.destroy()
    } finally {
      expect(await server.stop()).toBe(0)
    }
  })

  it('prints a curl line that works as pasted', async () => {
    const server = await startSidestage([sample.folder, '--port', '0', '--memory'])
    try {
      const line = /^ {2}(curl .*)$/m.exec(server.output())?.[1] ?? ''
      const { stdout } = await run('/bin/sh', ['-c', line])
      expect(JSON.parse(stdout)).toEqual({ data: { __typename: 'Query' } })
    } finally {
      await server.stop()
    }
  })

  it('answers from the table, the function and the price service, and a declined order is announced', async () => {
    const server = await startSidestage([sample.folder, '--port', '0', '--memory'])
    try {
      await query(server, 'mutation { addGood(input: { id: "tea", name: "Green tea" }) { id } }')
      expect(
        await query(
          server,
          '{ good(id: "tea") { name stock { available warehouse } price { amount currency } } goods { id } }',
        ),
      ).toEqual({
        data: {
          good: {
            name: 'Green tea',
            stock: { available: 14, warehouse: 'north' },
            price: { amount: 4.5, currency: 'EUR' },
          },
          goods: [{ id: 'tea' }],
        },
      })
      const { id } = (await query(server, PLACE, { quantity: 1001 })).data['placeOrder'] as unknown as { id: string }
      await expect
        .poll(() => statusOf(server, id), { timeout: 20_000 })
        .toEqual({ status: 'DECLINED', reason: 'PaymentDeclined' })
      expect((await query(server, PLACE, { quantity: 0 })).errors).toEqual([
        {
          path: ['placeOrder'],
          data: null,
          errorType: 'BadRequest',
          errorInfo: null,
          locations: [{ line: 2, column: 3, sourceName: null }],
          message: 'The quantity of tea must be at least 1.',
        },
      ])
    } finally {
      await server.stop()
    }
  })

  it('keeps a workflow that waits for approval through kill -9', { timeout: 60_000 }, async () => {
    const folder = join(data, 'killed')
    const before = await startSidestage([sample.folder, '--port', '0', '--data', folder])
    const { id } = (await query(before, PLACE, { quantity: 2 })).data['placeOrder'] as unknown as { id: string }
    await expect.poll(() => statusOf(before, id), { timeout: 20_000 }).toEqual({ status: 'CHARGED', reason: null })
    expect(await before.stop('SIGKILL')).toBe('SIGKILL')

    const after = await startSidestage([sample.folder, '--port', '0', '--data', folder])
    try {
      const approved = await query(
        after,
        'mutation ($id: ID!) { approveOrder(id: $id, approved: false, reason: "too late") { id } }',
        { id },
      )
      expect(approved).toEqual({ data: { approveOrder: { id } } })
      await expect
        .poll(() => statusOf(after, id), { timeout: 20_000 })
        .toEqual({ status: 'REJECTED', reason: 'too late' })
      expect(
        (await query(after, 'mutation ($id: ID!) { approveOrder(id: $id, approved: true) { id } }', { id })).errors?.[0]
          ?.message,
      ).toBe(`Order ${id} does not wait for an approval.`)
    } finally {
      expect(await after.stop()).toBe(0)
    }
  })
})
