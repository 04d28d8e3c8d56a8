import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { copySample, runSidestage } from '../support/sidestageProcess.ts'

let sample: ReturnType<typeof copySample>
afterEach(() => sample.remove())

function edit(file: string, change: (text: string) => string): void {
  const path = join(sample.folder, file)
  const before = readFileSync(path, 'utf8')
  const after = change(before)
  expect(after).not.toBe(before)
  writeFileSync(path, after)
}

const BROKEN: [name: string, breakIt: () => void, line: RegExp][] = [
  [
    'a file that is missing',
    () => rmSync(join(sample.folder, 'resolvers/getOrder.js')),
    /^template\.yaml:\d+:\d+: error: .*resolvers\/getOrder\.js/m,
  ],
  [
    'a schema that does not parse',
    () => edit('schema/schema.graphql', (text) => text.replace('type Stock {', 'type Stock {{')),
    /^schema\/schema\.graphql:11:13: error: /m,
  ],
  [
    'a resolver with a syntax error',
    () => edit('resolvers/addGood.js', (text) => text.replace('...item }', '...item ')),
    /^resolvers\/addGood\.js:\d+:\d+: error: /m,
  ],
  [
    'a resolver that uses what AppSync does not allow',
    () => edit('resolvers/storeOrder.js', (text) => text.replace('for (const line of lines) {', 'while (true) {')),
    /^resolvers\/storeOrder\.js:7:3: error: /m,
  ],
  [
    'a template that does not parse',
    () => edit('resolvers/Query.good.response.vtl', (text) => text.replace('#end', '')),
    /^resolvers\/Query\.good\.response\.vtl:\d+:\d+: error: /m,
  ],
  [
    'a state machine with a missing Next',
    () =>
      edit('workflows/orderFulfilment.asl.json', (text) => text.replace('"Next": "UpdateOrder"', '"Next": "Nowhere"')),
    /^workflows\/orderFulfilment\.asl\.json:\d+:\d+: error: .*Nowhere/m,
  ],
  [
    'an unknown key in sidestage.yaml',
    () => edit('sidestage.yaml', (text) => `${text}credentals: []\n`),
    /^sidestage\.yaml:4:1: error: unknown key credentals \(did you mean credentials\?\)/m,
  ],
]

describe('sidestage start ends with exit code 1 and one line for', () => {
  it.each(BROKEN)('%s', async (_name, breakIt, line) => {
    sample = copySample()
    breakIt()
    const { code, stdout, stderr } = await runSidestage(['start', sample.folder, '--port', '0', '--memory'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(line)
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((text) => text.includes(': error: ')),
    ).toHaveLength(1)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  it('a port in use', async () => {
    sample = copySample()
    const taken = createServer()
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await runSidestage(['start', sample.folder, '--port', String(port), '--memory'])
    taken.close()
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `port ${port} on 127.0.0.1 is in use: choose another with --port, or 0 for any free one\n`,
    })
  })

  it('another address without credentials', async () => {
    sample = copySample()
    const { code, stderr } = await runSidestage([
      'start',
      sample.folder,
      '--port',
      '0',
      '--host',
      '0.0.0.0',
      '--memory',
    ])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^--host 0\.0\.0\.0 can be reached from other machines: add credentials to sidestage\.yaml/)
  })

  it('a data folder that another server owns', async () => {
    sample = copySample()
    const { startSidestage } = await import('../support/sidestageProcess.ts')
    const first = await startSidestage([sample.folder, '--port', '0'])
    try {
      const { code, stderr } = await runSidestage(['start', sample.folder, '--port', '0'])
      expect(code).toBe(1)
      expect(stderr).toBe(
        `the data folder ${join(sample.folder, '.sidestage')} is in use by another process (process ${first.pid}, since ${/since ([^)]*)\)/.exec(stderr)?.[1]})\n`,
      )
    } finally {
      await first.stop()
    }
  })

  it('an argument that is none', async () => {
    sample = copySample()
    const { code, stderr } = await runSidestage(['start', sample.folder, '--prot', '1'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Unknown option '--prot'/)
  })

  it.each([
    ['a folder that is not there', 'nowhere'],
    ['a file in place of the folder', 'template.yaml'],
  ])('%s', async (_name, entry) => {
    sample = copySample()
    const dir = join(sample.folder, entry)
    const before = readdirSync(sample.folder)
    const { code, stderr } = await runSidestage(['start', dir, '--port', '0'])
    expect(code).toBe(1)
    expect(stderr).toBe(`${dir}: there is no such folder; DIR is the folder of a project\n`)
    expect(readdirSync(sample.folder)).toEqual(before)
  })
})

it('sidestage check lists all problems at once', async () => {
  sample = copySample()
  for (const [, breakIt] of BROKEN) breakIt()
  const { code, stdout } = await runSidestage(['check', sample.folder])
  expect(code).toBe(1)
  for (const [, , line] of BROKEN) expect(stdout).toMatch(line)
})
