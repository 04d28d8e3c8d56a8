import { resolve } from 'node:path'
import type { LogLevel } from '../observability/log.ts'
import { type ServerOptions, type SidestageServer, StartError } from '../server/options.ts'
import { startServer } from '../server.ts'

export interface StartArguments {
  dir: string
  watch: boolean
  memory: boolean
  requireSigned: boolean
  parameters: Record<string, string>
  logLevel: LogLevel
  port?: number
  host?: string
  data?: string
  timeScale?: number
  certificate?: { cert: string; key: string }
}

const line = (text = ''): void => void process.stdout.write(`${text}\n`)

/** Starts the server and keeps it until a signal comes. */
export async function start({ dir, requireSigned, ...given }: StartArguments): Promise<number | undefined> {
  const options: ServerOptions = {
    project: resolve(dir),
    ...given,
    ...(requireSigned && { requireSigned }),
    onReload(problems, applied) {
      for (const problem of problems) process.stderr.write(`${problem}\n`)
      line(applied ? 'reloaded' : 'not reloaded: the state before goes on')
    },
  }
  let server: SidestageServer
  try {
    server = await startServer(options)
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    for (const problem of error.lines) process.stderr.write(`${problem}\n`)
    return 1
  }
  stopOnSignals(server)
  for (const problem of server.problems) process.stderr.write(`${problem}\n`)
  line(`ready ${server.url}`)
  greet(server)
  return undefined
}

function greet(server: SidestageServer): void {
  const apis = server.apis()
  line()
  if (apis.length === 0) {
    line('  an empty account: create APIs, tables and state machines through the AWS APIs')
    line(
      `  export AWS_ENDPOINT_URL=${server.url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1`,
    )
  }
  for (const [index, { name, url, apiKey }] of apis.entries()) {
    const endpoint = index === 0 ? `${server.url}/graphql` : url
    line(`  ${name.padEnd(12)} ${endpoint}`)
    if (apiKey === undefined) continue
    line(`  ${'API key'.padEnd(12)} ${apiKey}`)
    if (index === 0)
      line(
        `\n  curl -s ${endpoint} -H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d '{"query":"{ __typename }"}'\n`,
      )
  }
  line(`  ${'console'.padEnd(12)} ${server.url}/`)
  const authority = server.authorityFile()
  if (authority !== undefined) line(`  ${'TLS'.padEnd(12)} export NODE_EXTRA_CA_CERTS=${authority}`)
}

/** The first signal drains, the second ends at once. */
function stopOnSignals(server: SidestageServer): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String((error as Error)?.stack ?? error)}\n`)
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
}
