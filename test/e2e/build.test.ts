import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { AppSyncClient, EvaluateCodeCommand, EvaluateMappingTemplateCommand } from '@aws-sdk/client-appsync'
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type SidestageProcess, startSidestage } from '../support/sidestageProcess.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const ACCESS = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
let server: SidestageProcess
let data: string

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), '--if-stale'])
  data = mkdtempSync(join(tmpdir(), 'sidestage-built-'))
  server = await startSidestage([data, '--port', '0'], {}, join(ROOT, 'dist/cli.js'))
})
afterAll(async () => {
  await server.stop()
  rmSync(data, { recursive: true, force: true })
})

it('the built server runs what needs its workers: long handlers, templates and expressions, durable workflows', async () => {
  const appsync = new AppSyncClient({ endpoint: server.url, ...ACCESS })
  const code = `export function request(ctx) {
    let n = 0
    for (const a of ctx.args.l) for (const b of ctx.args.l) for (const c of ctx.args.l) n = n + a + b + c
    return { n }
  }
  export function response(ctx) { return ctx.result }`
  const context = JSON.stringify({ arguments: { l: Array.from({ length: 100 }, () => 1) } })
  const js = await appsync.send(
    new EvaluateCodeCommand({
      code,
      context,
      function: 'request',
      runtime: { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' },
    }),
  )
  expect({ error: js.error, result: JSON.parse(js.evaluationResult ?? '') }).toEqual({
    error: undefined,
    result: { n: 3_000_000 },
  })

  const template =
    '#set($n = 0)#foreach($a in $ctx.args.l)#foreach($b in $ctx.args.l)#foreach($c in $ctx.args.l)#set($n = $n + 1)#end#end#end{"n": $n}'
  const vtl = await appsync.send(new EvaluateMappingTemplateCommand({ template, context }))
  expect(JSON.parse(vtl.evaluationResult ?? '')).toEqual({ n: 1_000_000 })
  appsync.destroy()

  const sfn = new SFNClient({ endpoint: server.url, ...ACCESS })
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name: 'long',
      roleArn: 'arn:aws:iam::000000000000:role/long',
      definition: JSON.stringify({
        QueryLanguage: 'JSONata',
        StartAt: 'Sum',
        States: { Sum: { Type: 'Pass', Output: '{% $sum($map([1..30000], function($n) { $n * 2 })) %}', End: true } },
      }),
    }),
  )
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn }))
  const describe = () => sfn.send(new DescribeExecutionCommand({ executionArn }))
  await expect.poll(async () => (await describe()).status, { timeout: 20_000 }).not.toBe('RUNNING')
  expect((await describe()).output).toBe('900030000')
  sfn.destroy()
})
