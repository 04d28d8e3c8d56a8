import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runNode, type SidestageProcess, startSidestage } from '../support/sidestageProcess.ts'

const CLIENTS = resolve(import.meta.dirname, 'olderClients')
const installed = existsSync(join(CLIENTS, 'node_modules/graphql')) || process.env['SIDESTAGE_NO_SKIP'] !== undefined
if (!installed) process.stderr.write('skipped: older clients, which "npm ci --prefix test/e2e/olderClients" installs\n')

let server: SidestageProcess
beforeAll(async () => {
  server = await startSidestage([resolve(import.meta.dirname, '../fixtures/projects/todos'), '--port', '0', '--memory'])
})
afterAll(() => server.stop())

describe.skipIf(!installed)('clients of older times', () => {
  it.each([
    ['Apollo Client 3 with aws-appsync-auth-link 3 and aws-appsync-subscription-link 3', 'apollo3.mjs'],
    ['aws-appsync 4', 'appsync4.mjs'],
    ['urql with graphql-ws 5', 'urql.mjs'],
  ])(
    '%s queries, mutates, subscribes, receives, unsubscribes and is refused',
    { timeout: 60_000 },
    async (_name, script) => {
      const { code, stdout, stderr } = await runNode([join(CLIENTS, script)], {
        ENDPOINT: `${server.url}/graphql`,
        API_KEY: 'da2-todos',
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const steps = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { step: string; value: unknown })
      expect(steps).toEqual([
        { step: 'query', value: { todo: { id: '1', text: 'a text' } } },
        { step: 'mutation', value: { addTodo: { id: '9', text: 't', owner: null } } },
        { step: 'events', value: [{ onAddTodo: { id: '2', text: 't' } }] },
        { step: 'wrong key', value: 'refused' },
      ])
    },
  )
})
