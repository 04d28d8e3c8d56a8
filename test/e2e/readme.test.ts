import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { hasTool } from '../support/externalTools.ts'
import { type SidestageProcess, startSidestage } from '../support/sidestageProcess.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const BLOCKS = [...README.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
const run = promisify(execFile)

describe('the tour of the README', () => {
  let server: SidestageProcess
  beforeAll(async () => {
    server = await startSidestage([ROOT, '--port', '0', '--memory'])
  })
  afterAll(() => server.stop())

  /** Runs a block as it stands, on the port that the server has. */
  const sh = async (text: string): Promise<string> => {
    const { stdout } = await run('/bin/bash', ['-c', text.replaceAll('http://127.0.0.1:4000', server.url)], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PYENV_ROOT: process.env['PYENV_ROOT'] },
      timeout: 30_000,
    })
    return stdout
  }
  const block = (marker: string): string => {
    const found = BLOCKS.find((text) => text.includes(marker))
    if (found === undefined) throw new Error(`no block of the README has ${marker}`)
    return found
  }

  it('works as it is pasted', async () => {
    expect(JSON.parse(await sh(block('{ __typename }')))).toEqual({ data: { __typename: 'Query' } })
    const ordering = block('q() {')
    const [added = '', placed = ''] = (await sh(ordering)).trim().split('\n')
    expect(JSON.parse(added)).toEqual({ data: { addGood: { id: 'tea', name: 'Green tea', stock: { available: 14 } } } })
    const { id } = JSON.parse(placed).data.placeOrder as { id: string }

    const listening = sh(
      block('text/event-stream').replace('curl -sN', 'timeout 20 curl -sN -m 15').replace(/\n$/, ' | head -n 5\n'),
    )
    await expect
      .poll(async () => await (await fetch(`${server.url}/metrics`)).text(), { timeout: 10_000 })
      .toMatch(/^sidestage_subscriptions 1$/m)
    const define = ordering.split('\n')[0]
    const approve = `${define}\n${block('approveOrder').replace('THE-ORDER-ID', id)}`
    // The workflow needs a moment until it waits.
    await expect.poll(async () => JSON.parse(await sh(approve)).data?.approveOrder, { timeout: 15_000 }).toEqual({ id })
    expect(await listening).toContain(
      `data: {"data":{"onOrderChanged":{"id":"${id}","status":"APPROVED","reason":"fine"}}}`,
    )
  })

  it.skipIf(!hasTool('aws'))('shows the execution to the AWS CLI', async () => {
    const { executions } = JSON.parse(await sh(block('aws stepfunctions')))
    expect(executions).toHaveLength(1)
  })
})

it('the README names only files that are there', () => {
  for (const [, path = ''] of README.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
    expect([path, existsSync(join(ROOT, path))]).toEqual([path, true])
})

it('docker-compose.yml gives every service a health check and an image or a build', () => {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as {
    services: Record<string, { healthcheck?: unknown; image?: string; build?: string }>
  }
  expect(Object.keys(services)).toEqual(['sidestage', 'dynamodb', 'valkey', 'postgresql', 'opensearch'])
  for (const [name, { healthcheck, image, build }] of Object.entries(services))
    expect([name, healthcheck !== undefined, (image ?? build) !== undefined]).toEqual([name, true, true])
})
