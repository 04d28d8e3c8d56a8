import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SidestageServer } from '../../src/server/options.ts'
import { startServer } from '../../src/server.ts'
import { copySample } from '../support/sidestageProcess.ts'

let sample: ReturnType<typeof copySample>
let server: SidestageServer
const reloads: { problems: readonly string[]; applied: boolean }[] = []
beforeAll(async () => {
  sample = copySample()
  server = await startServer({
    project: sample.folder,
    port: 0,
    memory: true,
    watch: true,
    environment: {},
    onLogLine: () => {},
    onReload: (problems, applied) => reloads.push({ problems, applied }),
  })
})
afterAll(async () => {
  await server.close()
  sample.remove()
})

async function query(text: string): Promise<unknown> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'x-api-key': 'da2-ordersample0000000000000000', 'content-type': 'application/json' },
    body: JSON.stringify({ query: text }),
  })
  return response.json()
}

function edit(file: string, change: (text: string) => string): void {
  const path = join(sample.folder, file)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

it('reloads a function’s code, a resolver and the schema; a broken save keeps what was there', async () => {
  await query('mutation { addGood(input: { id: "tea", name: "Green tea" }) { id } }')
  const stock = '{ good(id: "tea") { stock { warehouse } } }'
  expect(await query(stock)).toEqual({ data: { good: { stock: { warehouse: 'north' } } } })
  edit('functions/stock/index.mjs', (text) => text.replace("'north'", "'far north'"))
  await expect
    .poll(() => query(stock), { timeout: 15_000 })
    .toEqual({ data: { good: { stock: { warehouse: 'far north' } } } })

  const before = reloads.length
  edit('schema/schema.graphql', (text) => text.replace('type Good {', 'type Good {{'))
  await expect
    .poll(() => reloads.slice(before), { timeout: 15_000 })
    .toEqual([{ applied: false, problems: [expect.stringMatching(/^schema\/schema\.graphql:\d+:\d+: error: /)] }])
  expect(await query('{ goods { name } }')).toEqual({ data: { goods: [{ name: 'Green tea' }] } })

  edit('schema/schema.graphql', (text) => text.replace('type Good {{', 'type Good {\n  shout: String'))
  await expect
    .poll(() => query('{ goods { name shout } }'), { timeout: 15_000 })
    .toEqual({ data: { goods: [{ name: 'Green tea', shout: null }] } })
  edit('resolvers/listGoods.js', (text) =>
    text.replace('return ctx.result.items', "return ctx.result.items.map((item) => ({ ...item, shout: 'TEA' }))"),
  )
  await expect
    .poll(() => query('{ goods { name shout } }'), { timeout: 15_000 })
    .toEqual({ data: { goods: [{ name: 'Green tea', shout: 'TEA' }] } })
})
