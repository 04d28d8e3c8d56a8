import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startServer } from '../../src/server.ts'
import { DataFolderError, openDataFolder } from '../../src/storage/dataFolder.ts'

const CLI = resolve(import.meta.dirname, '../../src/cli.ts')
const SAMPLE = resolve(import.meta.dirname, '../..')
let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'sidestage-folder-'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

const refusal = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(DataFolderError)
    return (error as Error).message
  }
  throw new Error('it was taken')
}
const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

describe('a data folder', () => {
  it('has one owner, which is named', () => {
    const first = openDataFolder(path)
    expect(refusal(() => openDataFolder(path))).toMatch(
      new RegExp(`^the data folder ${path} is in use by another process \\(process ${process.pid}, since 20`),
    )
    first.close()
    openDataFolder(path).close()
  })

  it('says what is wrong with its owner file instead of naming an owner', () => {
    writeFileSync(join(path, 'owner.sqlite'), 'not a database at all, and long enough for a header. '.repeat(20))
    expect(refusal(() => openDataFolder(path))).toBe(
      `cannot use the data folder ${path}: owner.sqlite: file is not a database`,
    )
    rmSync(join(path, 'owner.sqlite'))
    mkdirSync(join(path, 'owner.sqlite'))
    expect(refusal(() => openDataFolder(path))).toBe(
      `cannot use the data folder ${path}: owner.sqlite: unable to open database file`,
    )
  })

  it('cannot be made below a file', () => {
    writeFileSync(join(path, 'file'), '')
    expect(refusal(() => openDataFolder(join(path, 'file/data')))).toMatch(/^cannot make the data folder .*ENOTDIR/)
  })

  it('keeps its secrets', () => {
    const first = openDataFolder(path)
    const secret = Buffer.from(first.secret('any'))
    first.close()
    const second = openDataFolder(path)
    expect(Buffer.from(second.secret('any'))).toEqual(secret)
    expect(statSync(join(path, 'any.key')).mode & 0o777).toBe(0o600)
    second.close()
  })
})

describe('a damaged file', () => {
  const KINDS = ['catalog', 'dynamodb', 'workflows', 'cognito']

  it('of any kind and damage is named at start and left as it is', { timeout: 30_000 }, async () => {
    const options = { data: path, port: 0, environment: {}, onLogLine: () => {} }
    await (await startServer(options)).close()
    expect(readdirSync(path).filter((name) => /\.sqlite(-\w+)?$/.test(name))).toEqual(
      [...KINDS, 'owner'].sort().map((kind) => `${kind}.sqlite`),
    )
    for (const kind of KINDS) {
      const file = join(path, `${kind}.sqlite`)
      const good = readFileSync(file)
      const damages = {
        'another file': Buffer.from('{"json": true}\n'.repeat(400)),
        'a torn file': good.subarray(0, good.length - 5000),
        'a page of a table overwritten': Buffer.concat([
          good.subarray(0, good.length - 4096),
          Buffer.alloc(4096, 0x5a),
        ]),
      }
      for (const [damage, bytes] of Object.entries(damages)) {
        writeFileSync(file, bytes)
        const before = digest(file)
        const error = await startServer(options).then(
          (server) => server.close().then(() => undefined),
          (thrown: unknown) => thrown as Error,
        )
        expect(error?.message, `${kind}: ${damage}`).toMatch(
          new RegExp(`^cannot read ${file}: .+\\. It is left untouched; move it away or restore it to start\\.$`, 's'),
        )
        expect(digest(file), `${kind}: ${damage}`).toBe(before)
      }
      writeFileSync(file, good)
    }
    await (await startServer(options)).close()
  })
})

describe('a disk that takes nothing', () => {
  /** Files may not grow, as on a full disk; the signal that comes with it is ignored. */
  const start = (blocks: number) =>
    spawnSync(
      'bash',
      [
        '-c',
        `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$1" start "$2" --port 0 --data "$3"`,
        process.execPath,
        CLI,
        SAMPLE,
        join(path, 'data'),
      ],
      { encoding: 'utf8', timeout: 20_000 },
    )

  it('ends the start with one line that names the folder', () => {
    const { status, stderr, stdout } = start(0)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^cannot use the data folder ${join(path, 'data')}: .*\\n$`))
  })

  it('does so too when it fills up while tables are made', () => {
    const { status, stderr, stdout } = start(8)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^cannot (use|read) .*${join(path, 'data')}.*\\n$`))
  })
})
