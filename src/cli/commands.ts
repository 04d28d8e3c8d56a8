import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from '../aws/arn.ts'
import { localTls } from '../http/certificate.ts'
import { checkProject, formatProblem, initProject, loadProject } from '../loading/index.ts'
import type { LogLevel } from '../observability/log.ts'
import { askRunningServer } from '../server/control.ts'
import { type ServerOptions, type SidestageServer, StartError, type TokenOptions } from '../server/options.ts'
import { projectChecks } from '../server/projectChecks.ts'
import { startServer } from '../server.ts'
import { deployableWorkflows } from '../stepfunctions/graphql/deployable.ts'

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
  // One write: whoever waits for the first line has all of it.
  process.stdout.write(`ready ${server.url}\n${greeting(server)}`)
  return undefined
}

/** What a newcomer needs. */
function greeting(server: SidestageServer): string {
  const apis = server.apis()
  const lines = ['']
  const labelled = (label: string, text: string): void => void lines.push(`  ${label.padEnd(12)} ${text}`)
  if (apis.length === 0) {
    lines.push('  an empty account: create APIs, tables and state machines through the AWS APIs')
    lines.push(
      `  export AWS_ENDPOINT_URL=${server.url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1`,
    )
  }
  for (const [index, { name, url, apiKey }] of apis.entries()) {
    const endpoint = index === 0 ? `${server.url}/graphql` : url
    labelled(name, endpoint)
    if (apiKey === undefined) continue
    labelled('API key', apiKey)
    if (index > 0) continue
    const call = `-H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d '{"query":"{ __typename }"}'`
    lines.push('', `  curl -s ${endpoint} ${call}`, '')
  }
  labelled(
    'AWS APIs',
    server.requireSigned ? 'signatures are verified' : 'open to this machine (--require-signed verifies)',
  )
  const authority = server.authorityFile()
  if (authority !== undefined) labelled('TLS', `export NODE_EXTRA_CA_CERTS=${authority}`)
  return `${lines.join('\n')}\n`
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

/** Loads everything and prints every problem; exit code 1 when one is an error. */
export async function check({ dir, parameters }: { dir: string; parameters: Record<string, string> }): Promise<number> {
  const { problems, hasErrors } = await checkProject(
    resolve(dir),
    { baseUrl: 'http://127.0.0.1:4000', env: process.env, parameters },
    projectChecks,
  )
  for (const problem of problems) line(formatProblem(problem))
  if (problems.length === 0) line(`${dir}: no problems`)
  return hasErrors ? 1 : 0
}

/** Prints how to trust the local certificate authority, which is made if it is not there yet. */
export function trust({ dir, data }: { dir: string; data?: string }): number {
  const folder = resolve(data ?? join(dir, '.sidestage'))
  const { authorityFile } = localTls(folder, ['localhost', '127.0.0.1', '::1'])
  line(`The local certificate authority is ${authorityFile}`)
  line()
  line('Node.js, Amplify on a server:')
  line(`  export NODE_EXTRA_CA_CERTS=${authorityFile}`)
  line('Python, the AWS CLI:')
  line(`  export AWS_CA_BUNDLE=${authorityFile} REQUESTS_CA_BUNDLE=${authorityFile}`)
  line('Debian, Ubuntu (whole system):')
  line(`  sudo cp ${authorityFile} /usr/local/share/ca-certificates/sidestage.crt && sudo update-ca-certificates`)
  line('Fedora, RHEL (whole system):')
  line(`  sudo cp ${authorityFile} /etc/pki/ca-trust/source/anchors/sidestage.pem && sudo update-ca-trust`)
  line('macOS:')
  line(`  sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${authorityFile}`)
  line('Chromium on Linux:')
  line(`  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n sidestage -i ${authorityFile}`)
  line('Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import.')
  return 0
}

/** Writes a small working project. */
export function init({ dir }: { dir: string }): number {
  for (const file of initProject(dir)) line(`${dir}/${file}`)
  line(`\nnpx sidestage start ${dir}`)
  return 0
}

export interface TokenArguments {
  dir: string
  data?: string
  oidc: boolean
  pool?: string
  client?: string
  sub?: string
  groups: readonly string[]
  claims: Record<string, string>
  use: 'id' | 'access'
}

/** Prints a JWT that the server accepts: by the server that runs on the data folder, or by one started for it. */
export async function token({
  dir,
  data,
  oidc,
  pool,
  client,
  sub,
  groups,
  claims,
  use,
}: TokenArguments): Promise<number> {
  if (oidc === (pool !== undefined)) throw new StartError(['Give --pool NAME or --oidc.'])
  const options: TokenOptions = {
    use,
    claims: Object.fromEntries(Object.entries(claims).map(([name, text]) => [name, claimValue(text)])),
    ...(pool !== undefined && { pool }),
    ...(client !== undefined && { client }),
    ...(sub !== undefined && { sub }),
    ...(groups.length > 0 && { groups }),
  }
  const folder = resolve(data ?? join(dir, '.sidestage'))
  const minted = await askRunningServer(folder, options)
  if (minted !== undefined) {
    line(minted)
    return 0
  }
  // On the port that the server will have: it is part of the issuer's name.
  const server = await startServer({ project: resolve(dir), data: folder })
  try {
    line(await server.mintToken(options))
    return 0
  } finally {
    await server.close()
  }
}

/** `--claim admin=true` is a boolean, `--claim level=3` a number; what is no JSON is a text. */
function claimValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Writes what `workflows:` of the settings adds to an API as SDL, resolvers and a template that deploy to AWS. */
export async function generateWorkflows({ dir, out }: { dir: string; out?: string }): Promise<number> {
  const { settings, problems } = await loadProject(resolve(dir), { baseUrl: 'http://127.0.0.1:4000', env: process.env })
  if (settings.file === undefined) throw new StartError([`${dir} has no sidestage.yaml with workflows:`])
  const wrong = problems.filter(({ severity, file }) => severity === 'error' && file === settings.file)
  if (wrong.length > 0) throw new StartError(wrong.map(formatProblem))
  const generated = deployableWorkflows(settings.workflows, { accountId: DEFAULT_ACCOUNT_ID, region: DEFAULT_REGION })
  if ('problems' in generated)
    throw new StartError(generated.problems.map((message) => `${settings.file}:1:1: error: ${message}`))
  const folder = resolve(out ?? join(dir, 'generated'))
  for (const [name, text] of generated.files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    line(path)
  }
  return 0
}
