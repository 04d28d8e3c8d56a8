import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { createCatalog } from '../../src/catalog.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'

const WRITER = join(import.meta.dirname, 'support', 'writer.ts')

describe('a server that is killed while it writes', () => {
  it.each([3, 8, 15])('has the old state or the new one afterwards (after %d APIs)', async (count) => {
    const folder = mkdtempSync(join(tmpdir(), 'sidestage-killed-'))
    const child = spawn(process.execPath, [WRITER, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const acknowledged: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line)
      if (acknowledged.length === count) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')

    const data = openDataFolder(folder)
    const catalog = createCatalog(data.database('catalog', { synchronous: 'FULL' }))
    const apis = new Set(
      catalog
        .collection('AWS::AppSync::GraphQLApi')
        .list()
        .map(({ apiId }) => apiId),
    )
    const sources = catalog.collection('AWS::AppSync::DataSource').list()
    // Nothing is left of an API that is gone: it went as a whole.
    const orphans = [
      ...sources,
      ...catalog.collection('AWS::AppSync::GraphQLSchema').list(),
      ...catalog.collection('AWS::AppSync::Resolver').list(),
    ].filter(({ apiId }) => !apis.has(apiId))
    expect(orphans).toEqual([])
    // What was acknowledged is there, whole: of each second API alone, the others were deleted or about to be.
    for (const apiId of acknowledged.filter((_, index) => index % 2 === 0)) {
      expect(apis.has(apiId)).toBe(true)
      expect(sources.filter((source) => source.apiId === apiId)).toHaveLength(10)
    }
    for (const { definition, status } of catalog.collection('AWS::AppSync::GraphQLSchema').list())
      expect({ definition, status }).toEqual({
        definition: expect.stringMatching(/^type Query \{ [ab]: String \}$/),
        status: 'SUCCESS',
      })
    data.close()
    rmSync(folder, { recursive: true })
  })
})
