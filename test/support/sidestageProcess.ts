import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const SAMPLE = ['template.yaml', 'sidestage.yaml', 'schema', 'resolvers', 'functions', 'workflows']

/** A server in a process of its own, as a user starts it. */
export interface SidestageProcess {
  url: string
  pid: number
  /** Everything written to stdout and stderr so far. */
  output(): string
  /** Resolves with the exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

/** Runs `sidestage ARGS` and waits for the ready line. Rejects with its output when it ends before. */
export async function startSidestage(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  cli = join(ROOT, 'src/cli.ts'),
): Promise<SidestageProcess> {
  const { AWS_ENDPOINT_URL: _, ...inherited } = process.env
  const child = spawn(process.execPath, [cli, 'start', ...args], {
    cwd: ROOT,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = new Promise<number | string>((done) => child.once('exit', (code, signal) => done(signal ?? code ?? 0)))
  const url = await new Promise<string>((ready, failed) => {
    const read = (chunk: string): void => {
      output += chunk
      const match = /^ready (http:\S+)$/m.exec(output)
      if (match?.[1] !== undefined) ready(match[1])
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read)
    void ended.then((code) => failed(new Error(`sidestage ended (${code}) before it was ready:\n${output}`)))
  })
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/** Runs `sidestage ARGS` to its end. */
export async function runSidestage(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return runNode([join(ROOT, 'src/cli.ts'), ...args], environment)
}

/** Runs a script with this project's Node.js to its end, at most a minute. */
export async function runNode(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const code = await new Promise<number | string>((done) =>
    child.once('close', (exit, signal) => done(signal ?? exit ?? 0)),
  )
  return { code, stdout, stderr }
}

/** A copy of the sample project in a folder of its own, with settings added to its sidestage.yaml. */
export function copySample(settings = ''): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'sidestage-sample-'))
  for (const name of SAMPLE) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  const file = join(folder, 'sidestage.yaml')
  writeFileSync(file, `${readFileSync(file, 'utf8')}${settings}`)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
