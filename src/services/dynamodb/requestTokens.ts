import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../aws/clock.ts'

/** How long a client request token makes a transaction happen once: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const TOKEN_LIFE_MS = 10 * 60 * 1_000

/** Which transactions have happened, by their client request tokens. Stored with what they wrote. */
export interface RequestTokens {
  /** The fingerprint of the request that had this token. */
  find(token: string): string | undefined
  remember(token: string, fingerprint: string): void
}

export function createRequestTokens(database: DatabaseSync, clock: Clock): RequestTokens {
  database.exec(`
    CREATE TABLE IF NOT EXISTS request_token (token TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, until INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS request_token_until ON request_token (until);
  `)
  const find = database.prepare('SELECT fingerprint FROM request_token WHERE token = ? AND until > ?')
  const add = database.prepare('INSERT OR REPLACE INTO request_token (token, fingerprint, until) VALUES (?, ?, ?)')
  const prune = database.prepare('DELETE FROM request_token WHERE until <= ?')
  return {
    find(token) {
      const row = find.get(token, clock.now())
      return row === undefined ? undefined : String(row['fingerprint'])
    },
    remember(token, fingerprint) {
      prune.run(clock.now())
      add.run(token, fingerprint, clock.now() + TOKEN_LIFE_MS)
    },
  }
}
