import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startScript } from './http.ts'
import { load } from './load.ts'
import type { BenchRow } from './row.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MACHINES = {
  durable: ['STANDARD', '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}'],
  quick: [
    'EXPRESS',
    '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Succeed"}}}',
  ],
} as const

/** Step Functions over HTTP: durable starts of STANDARD executions, and EXPRESS ones that answer at once. */
export async function bench(requests = 40_000): Promise<BenchRow[]> {
  const data = mkdtempSync(join(tmpdir(), 'sidestage-bench-'))
  const server = await startScript(['--max-semi-space-size=4', join(ROOT, 'dist/cli.js'), 'start', data, '--port', '0'])
  const bytes = (operation: string, input: unknown): Buffer => {
    const body = JSON.stringify(input)
    return Buffer.from(
      `POST / HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AWSStepFunctions.${operation}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  const check = (text: string): void => {
    if (!text.includes('executionArn')) throw new Error(text)
  }
  try {
    const rows: BenchRow[] = []
    for (const [name, [type, definition]] of Object.entries(MACHINES)) {
      const made = await fetch(server.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AWSStepFunctions.CreateStateMachine',
        },
        body: JSON.stringify({ name, type, definition, roleArn: 'arn:aws:iam::000000000000:role/bench' }),
      })
      const { stateMachineArn } = (await made.json()) as { stateMachineArn: string }
      const operation = type === 'STANDARD' ? 'StartExecution' : 'StartSyncExecution'
      const options = {
        url: server.url,
        request: bytes(operation, { stateMachineArn, input: '{"n":1}' }),
        pid: server.pid,
        connections: 64,
        check,
      }
      await load({ ...options, requests: requests / 4 })
      const { requestsPerSecond, cpuMicroseconds, p50, p99 } = await load({ ...options, requests })
      rows.push({
        name: `${operation} over HTTP${type === 'STANDARD' ? ', durable' : ', three states'}`,
        unit: '/s',
        ours: requestsPerSecond,
        beside: {},
        more: { 'µs CPU': cpuMicroseconds, 'p50 ms': p50, 'p99 ms': p99 },
        budget: type === 'STANDARD' ? '≥ 8,000' : '≥ 5,000',
      })
    }
    return rows
  } finally {
    server.child.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  }
}
