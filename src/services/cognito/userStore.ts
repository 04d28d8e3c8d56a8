import type { DatabaseSync } from 'node:sqlite'
import type { SrpVerifier } from './srp.ts'

export type UserStatus = 'CONFIRMED' | 'FORCE_CHANGE_PASSWORD' | 'RESET_REQUIRED' | 'UNCONFIRMED'

/** A user of a local pool. */
export interface User {
  poolId: string
  username: string
  sub: string
  status: UserStatus
  enabled: boolean
  /** Attributes but `sub`. */
  attributes: Readonly<Record<string, string>>
  password?: { hash: string; srp: SrpVerifier }
  /** Tells whether a user of the settings still has the password that was hashed. */
  settingMark?: string
  /** Milliseconds since the epoch. */
  created: number
  /** Milliseconds since the epoch. */
  modified: number
  /** Tokens issued up to here are revoked; milliseconds since the epoch. */
  signedOutAt: number
}

export interface RefreshToken {
  poolId: string
  username: string
  clientId: string
  originJti: string
  /** Seconds since the epoch. */
  authTime: number
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** Users, group memberships, refresh tokens, signing keys and identities: all that is not a declared resource. */
export interface UserStore {
  findUser(poolId: string, username: string): User | undefined
  findUserBySub(poolId: string, sub: string): User | undefined
  findUserByAttribute(poolId: string, name: string, value: string): User | undefined
  putUser(user: User): void
  deleteUser(poolId: string, username: string): void
  /** Forgets everything of a pool that is gone. */
  deletePool(poolId: string): void
  listUsers(poolId: string, limit: number, after?: string): User[]
  groupsOf(poolId: string, username: string): string[]
  addToGroup(poolId: string, username: string, group: string): void
  removeFromGroup(poolId: string, username: string, group: string): void
  putRefreshToken(digest: string, token: RefreshToken): void
  findRefreshToken(digest: string): RefreshToken | undefined
  deleteRefreshToken(digest: string): void
  deleteRefreshTokensOf(poolId: string, username: string): void
  /** Forgets refresh tokens that have ended. */
  sweep(now: number): void
  findKey(issuer: string): string | undefined
  /** @returns the key that is kept: another one when it was there already. */
  putKey(issuer: string, privateJwk: string): string
  findIdentity(identityPoolId: string, login: string): string | undefined
  /** Whether the identity is the pool's, and to which login it belongs. */
  ownerOfIdentity(identityId: string): { identityPoolId: string; login: string } | undefined
  putIdentity(identityPoolId: string, login: string, identityId: string): void
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS user (
  pool TEXT NOT NULL, username TEXT NOT NULL, sub TEXT NOT NULL, status TEXT NOT NULL, enabled INTEGER NOT NULL,
  attributes TEXT NOT NULL, hash TEXT, srp_salt TEXT, srp_verifier TEXT, setting_mark TEXT,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, signed_out INTEGER NOT NULL,
  PRIMARY KEY (pool, username), UNIQUE (pool, sub)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS membership (
  pool TEXT NOT NULL, username TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (pool, username, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refresh_token (
  digest TEXT PRIMARY KEY, pool TEXT NOT NULL, username TEXT NOT NULL, client TEXT NOT NULL, origin_jti TEXT NOT NULL,
  auth_time INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refresh_token_user ON refresh_token (pool, username);
CREATE INDEX IF NOT EXISTS refresh_token_end ON refresh_token (expires);
CREATE TABLE IF NOT EXISTS signing_key (issuer TEXT PRIMARY KEY, jwk TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity (
  pool TEXT NOT NULL, login TEXT NOT NULL, id TEXT NOT NULL UNIQUE, PRIMARY KEY (pool, login)
) WITHOUT ROWID;
`

export function createUserStore(database: DatabaseSync): UserStore {
  database.exec(SCHEMA)
  const sql = {
    user: database.prepare('SELECT * FROM user WHERE pool = ? AND username = ?'),
    bySub: database.prepare('SELECT * FROM user WHERE pool = ? AND sub = ?'),
    byAttribute: database.prepare(
      "SELECT * FROM user WHERE pool = ? AND json_extract(attributes, '$.' || json_quote(?)) = ? LIMIT 1",
    ),
    list: database.prepare('SELECT * FROM user WHERE pool = ? AND username > ? ORDER BY username LIMIT ?'),
    put: database.prepare('INSERT OR REPLACE INTO user VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    delete: database.prepare('DELETE FROM user WHERE pool = ? AND username = ?'),
    groups: database.prepare('SELECT name FROM membership WHERE pool = ? AND username = ?'),
    join: database.prepare('INSERT OR IGNORE INTO membership VALUES (?, ?, ?)'),
    leave: database.prepare('DELETE FROM membership WHERE pool = ? AND username = ? AND name = ?'),
    leaveAll: database.prepare('DELETE FROM membership WHERE pool = ? AND username = ?'),
    putRefresh: database.prepare('INSERT INTO refresh_token VALUES (?, ?, ?, ?, ?, ?, ?)'),
    refresh: database.prepare('SELECT * FROM refresh_token WHERE digest = ?'),
    deleteRefresh: database.prepare('DELETE FROM refresh_token WHERE digest = ?'),
    deleteRefreshOf: database.prepare('DELETE FROM refresh_token WHERE pool = ? AND username = ?'),
    sweep: database.prepare('DELETE FROM refresh_token WHERE expires <= ?'),
    key: database.prepare('SELECT jwk FROM signing_key WHERE issuer = ?'),
    putKey: database.prepare('INSERT OR IGNORE INTO signing_key VALUES (?, ?)'),
    identity: database.prepare('SELECT id FROM identity WHERE pool = ? AND login = ?'),
    owner: database.prepare('SELECT pool, login FROM identity WHERE id = ?'),
    putIdentity: database.prepare('INSERT INTO identity VALUES (?, ?, ?)'),
  }
  const findKey = (issuer: string): string | undefined => sql.key.get(issuer)?.['jwk'] as string | undefined
  return {
    findUser: (poolId, username) => readUser(sql.user.get(poolId, username)),
    findUserBySub: (poolId, sub) => readUser(sql.bySub.get(poolId, sub)),
    findUserByAttribute: (poolId, name, value) => readUser(sql.byAttribute.get(poolId, name, value)),
    putUser: (user) =>
      void sql.put.run(
        user.poolId,
        user.username,
        user.sub,
        user.status,
        user.enabled ? 1 : 0,
        JSON.stringify(user.attributes),
        user.password?.hash ?? null,
        user.password?.srp.salt ?? null,
        user.password?.srp.verifier ?? null,
        user.settingMark ?? null,
        user.created,
        user.modified,
        user.signedOutAt,
      ),
    deleteUser(poolId, username) {
      sql.delete.run(poolId, username)
      sql.leaveAll.run(poolId, username)
      sql.deleteRefreshOf.run(poolId, username)
    },
    deletePool(poolId) {
      for (const table of ['user', 'membership', 'refresh_token'])
        database.prepare(`DELETE FROM ${table} WHERE pool = ?`).run(poolId)
      database.prepare('DELETE FROM signing_key WHERE issuer = ?').run(`pool/${poolId}`)
    },
    listUsers: (poolId, limit, after = '') => sql.list.all(poolId, after, limit).flatMap((row) => readUser(row) ?? []),
    groupsOf: (poolId, username) => sql.groups.all(poolId, username).map((row) => row['name'] as string),
    addToGroup: (poolId, username, group) => void sql.join.run(poolId, username, group),
    removeFromGroup: (poolId, username, group) => void sql.leave.run(poolId, username, group),
    putRefreshToken: (digest, token) =>
      void sql.putRefresh.run(
        digest,
        token.poolId,
        token.username,
        token.clientId,
        token.originJti,
        token.authTime,
        token.expiresAt,
      ),
    findRefreshToken(digest) {
      const row = sql.refresh.get(digest)
      return (
        row && {
          poolId: row['pool'] as string,
          username: row['username'] as string,
          clientId: row['client'] as string,
          originJti: row['origin_jti'] as string,
          authTime: row['auth_time'] as number,
          expiresAt: row['expires'] as number,
        }
      )
    },
    deleteRefreshToken: (digest) => void sql.deleteRefresh.run(digest),
    deleteRefreshTokensOf: (poolId, username) => void sql.deleteRefreshOf.run(poolId, username),
    sweep: (now) => void sql.sweep.run(now),
    findKey,
    putKey(issuer, privateJwk) {
      sql.putKey.run(issuer, privateJwk)
      return findKey(issuer) ?? privateJwk
    },
    findIdentity: (pool, login) => sql.identity.get(pool, login)?.['id'] as string | undefined,
    ownerOfIdentity(identityId) {
      const row = sql.owner.get(identityId)
      return row && { identityPoolId: row['pool'] as string, login: row['login'] as string }
    },
    putIdentity: (pool, login, id) => void sql.putIdentity.run(pool, login, id),
  }
}

function readUser(row: Record<string, unknown> | undefined): User | undefined {
  if (row === undefined) return undefined
  const hash = row['hash'] as string | null
  const settingMark = row['setting_mark'] as string | null
  return {
    poolId: row['pool'] as string,
    username: row['username'] as string,
    sub: row['sub'] as string,
    status: row['status'] as UserStatus,
    enabled: row['enabled'] === 1,
    attributes: JSON.parse(row['attributes'] as string) as Record<string, string>,
    ...(hash !== null && {
      password: { hash, srp: { salt: row['srp_salt'] as string, verifier: row['srp_verifier'] as string } },
    }),
    ...(settingMark !== null && { settingMark }),
    created: row['created'] as number,
    modified: row['modified'] as number,
    signedOutAt: row['signed_out'] as number,
  }
}
