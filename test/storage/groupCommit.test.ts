import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DataFolder, openDataFolder, openMemoryFolder } from '../../src/storage/dataFolder.ts'
import { createGroupCommit, type GroupCommit } from '../../src/storage/groupCommit.ts'

for (const where of ['a folder', 'memory'] as const) {
  describe(`group commit in ${where}`, () => {
    let path: string | undefined
    let folder: DataFolder
    let commits: GroupCommit
    let rows: () => unknown[]

    beforeEach(() => {
      path = where === 'memory' ? undefined : mkdtempSync(join(tmpdir(), 'sidestage-commit-'))
      folder = path === undefined ? openMemoryFolder() : openDataFolder(path)
      const database = folder.database('log', { synchronous: 'FULL' })
      database.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)')
      commits = createGroupCommit({
        path: folder.databasePath('log'),
        database,
        statements: ['INSERT INTO entry (id, text) VALUES (?, ?)', 'DELETE FROM entry WHERE id = ?'],
      })
      const select = database.prepare('SELECT id FROM entry ORDER BY id')
      rows = () => select.all().map((row) => row['id'])
    })
    afterEach(async () => {
      await commits.close()
      folder.close()
      if (path !== undefined) rmSync(path, { recursive: true })
    })

    const commit = (...writes: [statement: number, ...values: (number | string | null)[]][]): Promise<void> =>
      new Promise((resolve, reject) =>
        commits.commit(
          writes.map(([statement, ...values]) => ({ statement, values })),
          (error) => (error === undefined ? resolve() : reject(error)),
        ),
      )

    it('makes what it is given durable before it says so, in order', async () => {
      const done: number[] = []
      await Promise.all(Array.from({ length: 500 }, (_, id) => commit([0, id, 'x']).then(() => void done.push(id))))
      expect(done).toEqual(Array.from({ length: 500 }, (_, id) => id))
      expect(rows()).toEqual(done)
    })

    it('lets many share a transaction', async () => {
      await Promise.all(Array.from({ length: 500 }, (_, id) => commit([0, id, 'x'])))
      expect(commits.statistics.groups).toBe(500)
      expect(commits.statistics.commits).toBeLessThan(20)
    })

    it('leaves out all of a transaction that fails, and goes on', async () => {
      await commit([0, 1, 'x'])
      await expect(commit([0, 2, 'x'], [0, 1, 'twice'])).rejects.toMatchObject({ name: 'CommitError' })
      expect(rows()).toEqual([1])
      await commit([0, 3, 'x'], [1, 1])
      expect(rows()).toEqual([3])
    })

    it('writes what is queued before it closes, and refuses what comes later', async () => {
      const last = commit([0, 9, 'x'])
      const closing = commits.close()
      await expect(commit([0, 10, 'x'])).rejects.toMatchObject({ code: 'CLOSED' })
      await Promise.all([last, closing])
      expect(rows()).toEqual([9])
    })
  })
}
