import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LoadedProject } from '../../src/loading/loadProject.ts'
import { watchProject } from '../../src/loading/watchProject.ts'
import { load, NOW, problemsOf, resourcesOf, writeProject } from './support/project.ts'

const FILES = {
  'template.yaml': `Resources:
  Api: { Type: AWS::AppSync::GraphQLApi, Properties: { Name: a, AuthenticationType: API_KEY } }
  Schema: { Type: AWS::AppSync::GraphQLSchema, Properties: { ApiId: !GetAtt Api.ApiId, DefinitionS3Location: schema.graphql } }
`,
  'schema.graphql': 'type Query { a: String }\n',
}

type Event =
  | { type: 'reload'; loaded: LoadedProject; changed: readonly string[] }
  | { type: 'broken'; loaded: LoadedProject }

/** Watches a project of these files; events are waited for, never slept for. */
async function watched(files: Record<string, string> = FILES) {
  const folder = writeProject(files)
  const events: Event[] = []
  const waiting: ((event: Event) => void)[] = []
  const tell = (event: Event): void => {
    const next = waiting.shift()
    if (next === undefined) events.push(event)
    else next(event)
  }
  const watch = watchProject(folder, await load(folder), {
    load: { baseUrl: 'http://127.0.0.1:4000', now: NOW },
    onReload: (loaded, changed) => tell({ type: 'reload', loaded, changed }),
    onBroken: (loaded) => tell({ type: 'broken', loaded }),
    onError(error) {
      throw error
    },
  })
  onTestFinished(() => watch.close())
  await watch.ready
  return {
    folder,
    events,
    save: (name: string, text: string) => writeFileSync(join(folder, name), text),
    next: () =>
      new Promise<Event>((done) => {
        const event = events.shift()
        if (event === undefined) waiting.push(done)
        else done(event)
      }),
  }
}

const schemaOf = (event: Event): string | undefined =>
  resourcesOf(event.loaded, 'AWS::AppSync::GraphQLSchema')[0]?.definition

describe('a project that is watched', () => {
  it('is read again when a file of it is saved', async () => {
    const project = await watched()
    project.save('schema.graphql', 'type Query { b: String }\n')
    const event = await project.next()
    expect({ type: event.type, schema: schemaOf(event) }).toEqual({
      type: 'reload',
      schema: 'type Query { b: String }\n',
    })
    expect(event.type === 'reload' && event.changed).toEqual([join(project.folder, 'schema.graphql')])
  })

  it('is read once for a burst of saves', async () => {
    const project = await watched()
    for (let index = 0; index <= 1_000; index += 1) project.save('schema.graphql', `type Query { f${index}: String }\n`)
    const event = await project.next()
    expect(schemaOf(event)).toBe('type Query { f1000: String }\n')
    // Another save is the next event: nothing of the burst came between.
    project.save('schema.graphql', 'type Query { last: String }\n')
    expect(schemaOf(await project.next())).toBe('type Query { last: String }\n')
    expect(project.events).toEqual([])
  })

  it('tells of a save that breaks it, and goes on once it is repaired', async () => {
    const project = await watched()
    project.save('schema.graphql', 'type Query { a: Strin')
    const broken = await project.next()
    expect(broken.type).toBe('broken')
    expect(problemsOf(broken.loaded)).toEqual([
      expect.stringMatching(/^schema\.graphql:\d+:\d+: error: Failed to parse schema document/),
    ])
    project.save('template.yaml', 'Resources: [')
    expect((await project.next()).type).toBe('broken')
    project.save('template.yaml', FILES['template.yaml'])
    expect((await project.next()).type).toBe('broken')
    project.save('schema.graphql', 'type Query { c: String }\n')
    const repaired = await project.next()
    expect({ type: repaired.type, schema: schemaOf(repaired) }).toEqual({
      type: 'reload',
      schema: 'type Query { c: String }\n',
    })
    expect(repaired.type === 'reload' && [...repaired.changed].sort()).toEqual(
      ['schema.graphql', 'template.yaml'].map((name) => join(project.folder, name)),
    )
  })

  it('is followed by editors that write a new file and rename it', async () => {
    const project = await watched()
    writeFileSync(join(project.folder, '.schema.tmp'), 'type Query { d: String }\n')
    renameSync(join(project.folder, '.schema.tmp'), join(project.folder, 'schema.graphql'))
    const event = await project.next()
    expect(schemaOf(event)).toBe('type Query { d: String }\n')
  })

  it('is broken when a file of it is removed', async () => {
    const project = await watched()
    rmSync(join(project.folder, 'schema.graphql'))
    const event = await project.next()
    expect({ type: event.type, said: problemsOf(event.loaded) }).toEqual({
      type: 'broken',
      said: [
        'template.yaml:3:110: error: schema.graphql does not exist (paths are relative to the template; . was searched)',
      ],
    })
  })
})
