export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Told things, never asks. Values must hold no secret: callers log names and ids, not tokens or keys. */
export type Log = (level: LogLevel, message: string, data?: Readonly<Record<string, unknown>>) => void

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Writes one line of JSON per entry to stderr. */
export function createLog(
  minimum: LogLevel = 'info',
  write = (line: string): void => void process.stderr.write(line),
): Log {
  return (level, message, data) => {
    if (ORDER[level] < ORDER[minimum]) return
    write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...data })}\n`)
  }
}

export const silentLog: Log = () => {}
