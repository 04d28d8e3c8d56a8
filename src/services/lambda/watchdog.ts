import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Ends the processes of functions when this server has died without a chance to do it itself: a shell that reads their
 * ids and, at the end of its input, kills the groups that are left. A frozen (stopped) function could not notice alone.
 */
export interface Watchdog {
  guard(pid: number): void
  release(pid: number): void
  close(): void
}

const SCRIPT = `
live=" "
while read -r mark pid; do
  case "$mark" in
    +) live="$live$pid " ;;
    -) live=$(printf %s "$live" | sed "s/ $pid / /") ;;
  esac
done
for pid in $live; do kill -9 "-$pid" 2>/dev/null; done
`

export function createWatchdog(): Watchdog {
  let shell: ChildProcess | undefined
  const tell = (line: string): void => {
    if (shell === undefined) {
      shell = spawn('/bin/sh', ['-c', SCRIPT], {
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
        env: { PATH: '/usr/bin:/bin' },
      })
      shell.on('error', () => {})
      shell.stdin?.on('error', () => {})
      shell.unref()
    }
    shell.stdin?.write(`${line}\n`)
  }
  return {
    guard: (pid) => tell(`+ ${pid}`),
    release: (pid) => tell(`- ${pid}`),
    close() {
      shell?.stdin?.end()
      shell = undefined
    },
  }
}
