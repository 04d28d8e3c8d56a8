import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')

/** Rooms by row: a room imports only from rooms on lower rows. */
const ROWS: Record<string, number> = {
  cli: 6,
  index: 6,
  testing: 6,
  server: 5,
  loading: 4,
  http: 4,
  management: 4,
  console: 4,
  realtime: 3,
  graphql: 3,
  stepfunctions: 3,
  runtime: 2,
  datasources: 2,
  auth: 2,
  services: 2,
  storage: 1,
  aws: 1,
  observability: 1,
  catalog: 1,
  resources: 1,
}

/** The only imports within a row. */
const WITHIN_ROW = new Set(['realtime → graphql', 'catalog → resources'])

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return name === 'node_modules' || name === 'page' ? [] : sources(path)
    return path.endsWith('.ts') ? [path] : []
  })
}

function roomOf(path: string): string {
  return (relative(SRC, path).split('/')[0] ?? '').replace(/\.ts$/, '')
}

describe('the rooms of src/', () => {
  const files = sources(SRC)

  it('are all known', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !Object.hasOwn(ROWS, room))).toEqual([])
  })

  it('import only from rooms on lower rows', () => {
    const broken: string[] = []
    for (const file of files) {
      const from = roomOf(file)
      for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
        const to = roomOf(resolve(dirname(file), specifier))
        if (from === to || (ROWS[to] ?? 99) < (ROWS[from] ?? 0) || WITHIN_ROW.has(`${from} → ${to}`)) continue
        broken.push(`${relative(SRC, file)} imports ${specifier}`)
      }
    }
    expect(broken).toEqual([])
  })
})
