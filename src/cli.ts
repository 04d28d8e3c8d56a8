#!/usr/bin/env -S node --max-semi-space-size=4
import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { messageOf } from './aws/errors.ts'

const USAGE = `Usage:
  sidestage start [DIR] [--port 4000] [--host 127.0.0.1] [--data DIR/.sidestage | --memory]
  sidestage dev   [DIR] …       the same, reloading on change
  sidestage check [DIR]         loads everything and prints every problem
  sidestage init  [DIR]         writes a small working project
  sidestage generate workflows [DIR] [--out DIR/generated]   workflows of sidestage.yaml as files that deploy to AWS
  sidestage token [DIR] --pool NAME | --oidc  [--sub …] [--groups a,b] [--claim k=v] [--use id|access]
  sidestage trust [DIR]         how to trust the local certificate authority

Options of start and dev:
  --port N              0 picks a free port
  --host ADDRESS        another address than the loopback needs credentials in sidestage.yaml
  --data DIR            where everything is kept; --memory keeps nothing
  --parameter K=V       a parameter of the template (repeatable)
  --require-signed      verifies the signatures of AWS API calls
  --cert FILE --key FILE   a certificate of your own
  --time-scale N        workflow waits pass N times faster
  --log-level LEVEL     debug, info, warn or error (default: warn)
`

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  memory: { type: 'boolean' },
  parameter: { type: 'string', multiple: true },
  'require-signed': { type: 'boolean' },
  cert: { type: 'string' },
  key: { type: 'string' },
  'time-scale': { type: 'string' },
  'log-level': { type: 'string' },
  pool: { type: 'string' },
  client: { type: 'string' },
  oidc: { type: 'boolean' },
  sub: { type: 'string' },
  groups: { type: 'string' },
  claim: { type: 'string', multiple: true },
  use: { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** Runs the command. @returns the exit code, or undefined while a server runs. */
async function main(argv: readonly string[]): Promise<number | undefined> {
  const { values, positionals } = readArguments(argv)
  const [command = 'help', ...operands] = positionals
  const what = command === 'generate' ? operands.shift() : undefined
  const [dir = '.', ...rest] = operands
  if (values.version) return say(await version())
  if (values.help || command === 'help') return say(USAGE)
  if (rest.length > 0) throw new UsageError(`Unexpected argument ${JSON.stringify(rest[0])}.`)
  // Only init makes the folder: elsewhere a mistyped DIR would pass for an empty account.
  if (command !== 'init' && !isFolder(dir)) {
    process.stderr.write(`${dir}: there is no such folder; DIR is the folder of a project\n`)
    return 1
  }
  const commands = await import('./cli/commands.ts')
  switch (command) {
    case 'start':
    case 'dev':
      return commands.start({ dir, watch: command === 'dev', ...serverArguments(values) })
    case 'check':
      return commands.check({ dir, parameters: pairs(values.parameter, '--parameter') })
    case 'generate':
      if (what !== 'workflows') throw new UsageError('generate takes: workflows.')
      return commands.generateWorkflows({ dir, ...(values.out !== undefined && { out: values.out }) })
    case 'init':
      return commands.init({ dir })
    case 'trust':
      return commands.trust({ dir, ...(values.data !== undefined && { data: values.data }) })
    case 'token':
      return commands.token({
        dir,
        oidc: values.oidc === true,
        claims: pairs(values.claim, '--claim'),
        groups: values.groups === undefined ? [] : values.groups.split(',').filter((group) => group !== ''),
        use: oneOf(values.use ?? 'id', ['id', 'access'], '--use'),
        ...(values.pool !== undefined && { pool: values.pool }),
        ...(values.client !== undefined && { client: values.client }),
        ...(values.sub !== undefined && { sub: values.sub }),
        ...(values.data !== undefined && { data: values.data }),
      })
    default:
      throw new UsageError(`There is no command ${JSON.stringify(command)}.`)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** A mistake in the arguments: the usage is printed with it. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

type Values = ReturnType<typeof readArguments>['values']

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

function serverArguments(values: Values) {
  if (values.memory === true && values.data !== undefined)
    throw new UsageError('--memory and --data exclude each other.')
  if ((values.cert === undefined) !== (values.key === undefined)) throw new UsageError('--cert and --key go together.')
  return {
    memory: values.memory === true,
    requireSigned: values['require-signed'] === true,
    parameters: pairs(values.parameter, '--parameter'),
    logLevel: oneOf(values['log-level'] ?? 'warn', ['debug', 'info', 'warn', 'error'], '--log-level'),
    ...(values.port !== undefined && { port: number(values.port, '--port', 0, 65_535) }),
    ...(values.host !== undefined && { host: values.host }),
    ...(values.data !== undefined && { data: values.data }),
    ...(values['time-scale'] !== undefined && {
      timeScale: number(values['time-scale'], '--time-scale', 1, 1_000_000),
    }),
    ...(values.cert !== undefined &&
      values.key !== undefined && { certificate: { cert: values.cert, key: values.key } }),
  }
}

function pairs(given: readonly string[] | undefined, option: string): Record<string, string> {
  const made = Object.create(null) as Record<string, string>
  for (const text of given ?? []) {
    const equals = text.indexOf('=')
    if (equals < 1) throw new UsageError(`${option} takes KEY=VALUE, not ${JSON.stringify(text)}.`)
    made[text.slice(0, equals)] = text.slice(equals + 1)
  }
  return made
}

function number(text: string, option: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most)
    throw new UsageError(`${option} takes a number from ${least} to ${most}, not ${JSON.stringify(text)}.`)
  return value
}

function oneOf<const T extends string>(text: string, known: readonly T[], option: string): T {
  const found = known.find((name) => name === text)
  if (found === undefined) throw new UsageError(`${option} is one of ${known.join(', ')}, not ${JSON.stringify(text)}.`)
  return found
}

function say(text: string): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return 0
}

async function version(): Promise<string> {
  const { readFileSync } = await import('node:fs')
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `sidestage needs Node.js 24 or newer; this is ${process.version}. Run it through npm (npm start -- DIR), which brings its own on Linux, or install Node.js 24.\n`,
  )
  process.exit(1)
}
main(process.argv.slice(2)).then(
  (code) => {
    if (code !== undefined) process.exitCode = code
  },
  (error: unknown) => {
    if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${USAGE}`)
    else process.stderr.write(`${messageOf(error)}\n`)
    process.exit(1)
  },
)
