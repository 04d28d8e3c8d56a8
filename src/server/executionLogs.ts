import { mkdirSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../aws/errors.ts'
import type { Log } from '../observability/log.ts'
import { executionLogOf } from '../stepfunctions/api/executionLog.ts'
import type { ExecutionDescription, MachineRevision } from '../stepfunctions/engine.ts'
import type { HistoryEvent } from '../stepfunctions/history.ts'
import type { DataFolder } from '../storage/dataFolder.ts'

/** Entries that wait for the disk; more than this is dropped with a line in the log. */
const MAX_WAITING = 100_000

/**
 * Execution logs as CloudWatch Logs would have them: a JSON line per event in `logs/GROUP.jsonl` of the data folder, by
 * the level and the group of each machine's logging configuration. In memory there is nowhere to write them.
 */
export function createExecutionLogs(folder: DataFolder, log: Log) {
  const waiting = new Map<string, string[]>()
  let count = 0
  let writing: Promise<void> | undefined

  async function drain(root: string): Promise<void> {
    while (waiting.size > 0) {
      for (const [group, lines] of [...waiting]) {
        waiting.delete(group)
        count -= lines.length
        try {
          await appendFile(join(root, `${group}.jsonl`), lines.join(''))
        } catch (error) {
          log('error', 'an execution log cannot be written', { group, error: messageOf(error) })
        }
      }
    }
    writing = undefined
  }

  return {
    onEvent(execution: ExecutionDescription, event: HistoryEvent, machine: MachineRevision): void {
      if (folder.path === undefined) return
      const message = executionLogOf(execution, event, machine)
      if (message === undefined) return
      if (count >= MAX_WAITING) {
        log('warn', 'an execution log entry was dropped: the disk does not keep up', {
          execution: execution.executionArn,
        })
        return
      }
      const group = fileNameOf(message.logGroupArn ?? machine.name)
      const lines = waiting.get(group) ?? []
      waiting.set(group, lines)
      lines.push(`${JSON.stringify(message.entry)}\n`)
      count++
      if (writing !== undefined) return
      const root = join(folder.path, 'logs')
      mkdirSync(root, { recursive: true, mode: 0o700 })
      writing = Promise.resolve().then(() => drain(root))
    },
    async close(): Promise<void> {
      await writing
    },
  }
}

/** The name of a log group as a file's: what follows `log-group:`, without what a path could mean. */
function fileNameOf(arn: string): string {
  const name = arn.replace(/^.*:log-group:/, '').replace(/:\*$/, '')
  return (
    name
      .replaceAll(/[^\w.-]+/g, '_')
      .replaceAll(/^[_.]+/g, '')
      .slice(0, 200) || 'executions'
  )
}
