import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { createCatalog } from '../../src/catalog.ts'
import { applyProject } from '../../src/loading/applyProject.ts'
import { load, loadFiles, writeProject } from './support/project.ts'

const topics = (...names: string[]): Record<string, string> => ({
  'template.yaml': `Resources:\n${names.map((name) => `  ${name}: { Type: AWS::SNS::Topic, Properties: { TopicName: ${name} } }\n`).join('')}${names.length === 0 ? '  {}' : ''}`,
})
const arn = (name: string): string => `arn:aws:sns:us-east-1:000000000000:${name}`

describe('a project in the catalog', () => {
  it('is put, changed and removed as its files say; what stayed as it was is not told', async () => {
    const catalog = createCatalog()
    const kept = catalog.collection('AWS::CloudFormation::Kept')
    expect(applyProject(catalog, await loadFiles(topics('A', 'B')))).toEqual({ put: 2, deleted: 0, unchanged: 0 })
    const told: string[] = []
    kept.subscribe(({ type, resource }) => void told.push(`${type} ${resource.arn}`))
    expect(applyProject(catalog, await loadFiles(topics('B', 'C')))).toEqual({ put: 1, deleted: 1, unchanged: 1 })
    expect(told).toEqual([`put ${arn('C')}`, `delete ${arn('A')}`])
    expect(kept.list().map((resource) => resource.arn)).toEqual([arn('B'), arn('C')])
  })

  it('leaves alone what was made through an API, and is not stored', async () => {
    const database = new DatabaseSync(':memory:')
    const catalog = createCatalog(database)
    const kept = catalog.collection('AWS::CloudFormation::Kept')
    kept.put({ arn: 'arn:made', logicalId: 'x', type: 'T', properties: {} }, 'api')
    applyProject(catalog, await loadFiles(topics('A')))
    applyProject(catalog, await loadFiles(topics()))
    expect(kept.list().map((resource) => resource.arn)).toEqual(['arn:made'])
    applyProject(catalog, await loadFiles(topics('A')))
    expect(createCatalog(database).collection('AWS::CloudFormation::Kept').list()).toHaveLength(1)
  })

  it('is not half there when a listener or a put fails', async () => {
    const catalog = createCatalog()
    const loaded = await loadFiles(topics('A', 'B'))
    const broken = {
      resources: [...loaded.resources, { type: 'AWS::CloudFormation::Kept' as const, resource: undefined as never }],
    }
    expect(() => applyProject(catalog, broken)).toThrow()
    expect(catalog.collection('AWS::CloudFormation::Kept').size).toBe(0)
  })

  it('tells of functions whose code was saved', async () => {
    const folder = writeProject({
      'template.yaml':
        'Resources:\n  F: { Type: AWS::Lambda::Function, Properties: { FunctionName: f, Runtime: nodejs22.x, Handler: index.handler, Role: arn:aws:iam::000000000000:role/r, Code: src } }\n',
      'src/index.js': 'exports.handler = async () => 1',
    })
    const catalog = createCatalog()
    applyProject(catalog, await load(folder))
    const later = { now: Date.parse('2027-01-01T00:00:00Z') }
    expect(applyProject(catalog, await load(folder, later))).toEqual({ put: 0, deleted: 0, unchanged: 1 })
    expect(applyProject(catalog, await load(folder, later), [join(folder, 'src', 'index.js')])).toEqual({
      put: 1,
      deleted: 0,
      unchanged: 0,
    })
    expect(catalog.collection('AWS::Lambda::Function').list()[0]?.lastModified).toBe('2027-01-01T00:00:00.000+0000')
  })
})
