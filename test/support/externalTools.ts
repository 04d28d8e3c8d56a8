import { execFileSync } from 'node:child_process'

/**
 * Whether a program that a test needs from outside is on this machine. Without it the test skips and one line names what
 * is missing; where nothing may be skipped (`SIDESTAGE_NO_SKIP`), the test runs and fails.
 */
export function hasTool(command: string, args: readonly string[] = ['--version']): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    if (process.env['SIDESTAGE_NO_SKIP'] !== undefined) return true
    process.stderr.write(`skipped: tests that need "${command}", which is not installed\n`)
    return false
  }
}
