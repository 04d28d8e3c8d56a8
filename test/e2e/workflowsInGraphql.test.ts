import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SidestageServer } from '../../src/server/options.ts'
import { startServer } from '../../src/server.ts'
import { AUTH, connectClient } from '../support/realtimeFixture.ts'
import { runSidestage } from '../support/sidestageProcess.ts'

const PROJECT = resolve(import.meta.dirname, '../fixtures/projects/workflows')
const ARN = 'arn:aws:states:us-east-1:000000000000'
let server: SidestageServer
beforeAll(async () => {
  server = await startServer({ project: PROJECT, port: 0, memory: true, environment: {}, onLogLine: () => {} })
})
afterAll(() => server.close())

async function query(text: string, variables: Record<string, unknown> = {}) {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'da2-flows' },
    body: JSON.stringify({ query: text, variables }),
  })
  return (await response.json()) as { data: Record<string, never>; errors?: { message: string; errorType: string }[] }
}

async function subscribe(text: string, variables: Record<string, unknown>) {
  const client = await connectClient(`${server.url.replace('http', 'ws')}/graphql/realtime`)
  client.send({
    id: 's',
    type: 'start',
    payload: {
      data: JSON.stringify({ query: text, variables }),
      extensions: { authorization: { ...AUTH, 'x-api-key': 'da2-flows' } },
    },
  })
  expect(await client.next()).toEqual({ id: 's', type: 'start_ack' })
  return {
    async next(): Promise<Record<string, unknown>> {
      const { payload } = (await client.next()) as { payload: { data: Record<string, Record<string, unknown>> } }
      return Object.values(payload.data)[0] ?? {}
    },
    close: () => client.socket.close(),
  }
}

describe('workflows in GraphQL', () => {
  it('start with a typed input, and subscribers see every transition in order', async () => {
    const executionArn = `${ARN}:execution:Greet:first`
    const events = await subscribe('subscription ($arn: String!) { onHistoryEvent(executionArn: $arn) { id type } }', {
      arn: executionArn,
    })
    const changes = await subscribe(
      'subscription { onExecutionChanged(stateMachine: "Greet") { executionArn status output } }',
      {},
    )
    const started = await query(
      'mutation ($input: Greeting!) { startGreet(input: $input, name: "first") { executionArn status } }',
      { input: { name: 'Ada' } },
    )
    expect(started).toEqual({ data: { startGreet: { executionArn, status: 'RUNNING' } } })

    const seen: unknown[] = []
    for (let n = 0; n < 8; n++) seen.push((await events.next())['type'])
    expect(seen).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'ChoiceStateEntered',
      'ChoiceStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ])
    events.close()
    let change = await changes.next()
    while (change['status'] !== 'SUCCEEDED') change = await changes.next()
    expect(change).toEqual({ executionArn, status: 'SUCCEEDED', output: '{"text":"Hello Ada"}' })
    changes.close()
  })

  it('refuse an input that does not fit the named type', async () => {
    const { errors } = await query('mutation { startGreet(input: {}) { status } }')
    expect(errors?.[0]?.message).toMatch(/^Validation error of type WrongType/)
  })

  it('are described, listed by status and have a history', async () => {
    await query('mutation { startGreet(input: { name: "Bob" }, name: "second") { status } }')
    const arn = `${ARN}:execution:Greet:second`
    await expect
      .poll(
        async () =>
          (await query('query ($arn: String!) { execution(executionArn: $arn) { status output } }', { arn })).data[
            'execution'
          ],
      )
      .toEqual({ status: 'SUCCEEDED', output: '{"text":"Hello Bob"}' })
    const { data } = await query(
      '{ executions(stateMachine: "Greet", status: SUCCEEDED) { items { name } nextToken } stateMachines { name } }',
    )
    expect((data['executions'] as unknown as { items: { name: string }[] }).items.map(({ name }) => name)).toContain(
      'second',
    )
    expect((data['stateMachines'] as unknown as { name: string }[]).map(({ name }) => name).sort()).toEqual([
      'Greet',
      'Manual',
      'Quick',
    ])
    const history = await query(
      'query ($arn: String!) { executionHistory(executionArn: $arn, limit: 2) { items { id type } nextToken } }',
      { arn },
    )
    expect(history.data['executionHistory']).toEqual({
      items: [
        { id: 1, type: 'ExecutionStarted' },
        { id: 2, type: 'PassStateEntered' },
      ],
      nextToken: expect.any(String),
    })
  })

  it('answer at once when they are EXPRESS and synchronous', async () => {
    expect(await query('mutation { startQuickSync { status output } }')).toEqual({
      data: { startQuickSync: { status: 'SUCCEEDED', output: '{"answer":42}' } },
    })
  })

  it('are worked on by getActivityTask and sendTaskSuccess, and stopped', async () => {
    await query('mutation { startManual(name: "job", input: "{\\"n\\":1}") { status } }')
    const { data, errors } = await query(
      'mutation ($arn: String!) { getActivityTask(activityArn: $arn, workerName: "me") { taskToken input } }',
      { arn: `${ARN}:activity:worker` },
    )
    expect(errors).toBe(undefined)
    const { taskToken, input } = data['getActivityTask'] as unknown as { taskToken: string; input: string }
    expect(input).toBe('{"n":1}')
    expect(
      (
        await query('mutation ($t: String!) { sendTaskSuccess(taskToken: $t, output: "{\\"done\\":true}") }', {
          t: taskToken,
        })
      ).errors,
    ).toBe(undefined)
    await expect
      .poll(
        async () =>
          (
            await query('query ($arn: String!) { execution(executionArn: $arn) { status output } }', {
              arn: `${ARN}:execution:Manual:job`,
            })
          ).data['execution'],
      )
      .toEqual({ status: 'SUCCEEDED', output: '{"done":true}' })
    await query('mutation { startManual(name: "stopped") { status } }')
    const stopped = await query(
      'mutation ($arn: String!) { stopExecution(executionArn: $arn, error: "Enough") { status } }',
      { arn: `${ARN}:execution:Manual:stopped` },
    )
    expect(stopped.errors).toBe(undefined)
    await expect
      .poll(
        async () =>
          (
            await query('query ($arn: String!) { execution(executionArn: $arn) { status error } }', {
              arn: `${ARN}:execution:Manual:stopped`,
            })
          ).data['execution'],
      )
      .toEqual({ status: 'ABORTED', error: 'Enough' })
  })

  it('cannot be published by clients', async () => {
    const { data } = await query('{ __schema { mutationType { fields { name } } } }')
    for (const { name } of (data['__schema'] as unknown as { mutationType: { fields: { name: string }[] } })
      .mutationType.fields) {
      if (!name.startsWith('publish')) continue
      const { errors } = await query(`mutation { ${name} { __typename } }`)
      expect(errors?.length).toBeGreaterThan(0)
    }
  })

  it('are generated as files that deploy', async () => {
    const out = mkdtempSync(join(tmpdir(), 'sidestage-generated-'))
    const { code, stdout } = await runSidestage(['generate', 'workflows', PROJECT, '--out', out])
    expect(code).toBe(0)
    const written = stdout
      .trim()
      .split('\n')
      .map((path) => path.slice(out.length + 1))
    expect(written).toContain('workflows.graphql')
    expect(written).toContain('workflows.template.json')
    expect(written).toContain('resolvers/Mutation.startGreet.js')
    expect(readFileSync(join(out, 'workflows.graphql'), 'utf8')).not.toMatch(/Subscription/)
    const template = JSON.parse(readFileSync(join(out, 'workflows.template.json'), 'utf8')) as {
      Resources: Record<string, { Type: string }>
    }
    expect(
      Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::AppSync::Resolver').length,
    ).toBeGreaterThan(8)
    rmSync(out, { recursive: true })
  })
})
