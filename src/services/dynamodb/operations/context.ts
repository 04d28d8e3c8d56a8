import type { Scope } from '../../../aws/arn.ts'
import type { Clock } from '../../../aws/clock.ts'
import type { PageTokens } from '../../../aws/pagination.ts'
import type { Input } from '../input.ts'
import type { RequestTokens } from '../requestTokens.ts'
import type { Storage } from '../storage.ts'
import type { Streams } from '../streams.ts'
import type { OpenTable, Tables } from '../tables.ts'
import type { ChangeListener } from '../writes.ts'

/** What operations work with. */
export interface Context {
  tables: Tables
  storage: Storage
  clock: Clock
  pageTokens: PageTokens
  tokens: RequestTokens
  streams: Streams
  /** Who hears of a table's changes within the transaction: its stream. */
  listenerOf(table: OpenTable): ChangeListener | undefined
}

export type Output = Record<string, unknown>

export type Operation = (context: Context, input: Input, scope: Scope) => Output
