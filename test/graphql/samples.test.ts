import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startServer } from '../../src/server.ts'
import { hasShared, sharedPath } from '../support/shared.ts'

const started: Awaited<ReturnType<typeof startServer>>[] = []
const folders: string[] = []
afterAll(async () => {
  for (const server of started) await server.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A zip archive without entries. */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)])

/** A copy of a sample; archives that its templates name and that were not kept (they fill buckets) are there, empty. */
function copyOf(sample: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sidestage-sample-'))
  folders.push(folder)
  cpSync(sharedPath('samples', sample), folder, { recursive: true, mode: 0 })
  const template = readFileSync(join(folder, 'Amplify.template.json'), 'utf8')
  for (const [, name] of template.matchAll(/([0-9a-f]{64}\.zip)/g))
    writeFileSync(join(folder, `asset.${name}`), EMPTY_ZIP)
  return folder
}

/** Serves a sample application and gives a function that asks its API over HTTP. */
async function serve(project: string) {
  const server = await startServer({ project, memory: true, port: 0, environment: {} })
  started.push(server)
  const [api] = server.apis()
  return async (query: string, variables: Record<string, unknown> = {}): Promise<Record<string, never>> => {
    const response = await fetch(api?.url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': api?.apiKey ?? '' },
      body: JSON.stringify({ query, variables }),
    })
    const body = (await response.json()) as { data: Record<string, never>; errors?: unknown }
    expect(body.errors).toBeUndefined()
    return body.data
  }
}

describe.skipIf(!hasShared)('sample applications by others', () => {
  it('single-table-cloudformation: creates, and reads parent and children with one query', async () => {
    const ask = await serve(sharedPath('samples', 'single-table-cloudformation'))
    const fields = '{ PK SK data type }'
    await ask(`mutation { createParentItem(PK: "p1", SK: "p1", data: "parent data", type: "parent") ${fields} }`)
    for (const child of ['c1', 'c2']) {
      const data = await ask(
        `mutation C($sk: String!) { createChildItem(PK: "p1", SK: $sk, data: "child data", type: "child") ${fields} }`,
        { sk: child },
      )
      expect(data).toEqual({ createChildItem: { PK: 'p1', SK: child, data: 'child data', type: 'child' } })
    }
    expect(await ask(`{ getParentWithChildren(PK: "p1") { PK SK data type children { SK data } } }`)).toEqual({
      getParentWithChildren: {
        PK: 'p1',
        SK: 'p1',
        data: 'parent data',
        type: 'parent',
        children: [
          { SK: 'c1', data: 'child data' },
          { SK: 'c2', data: 'child data' },
        ],
      },
    })
  })

  it('amplify-many-to-many: creates, gets, lists with filters, updates, deletes, and queries across its index', async () => {
    const ask = await serve(copyOf('amplify-many-to-many'))
    const post = await ask(
      'mutation { createPost(input: { id: "p1", title: "first", content: "text" }) { id title createdAt } }',
    )
    expect(post).toEqual({ createPost: { id: 'p1', title: 'first', createdAt: expect.any(String) } })
    await ask('mutation { createPost(input: { id: "p2", title: "second" }) { id } }')
    await ask('mutation { createTag(input: { id: "t1", label: "red" }) { id label } }')
    await ask('mutation { createPostTags(input: { postId: "p1", tagId: "t1" }) { id } }')
    expect(await ask('{ getPost(id: "p1") { title tags { items { tag { label } } nextToken } } }')).toEqual({
      getPost: { title: 'first', tags: { items: [{ tag: { label: 'red' } }], nextToken: null } },
    })
    expect(await ask('{ listPosts(filter: { title: { beginsWith: "sec" } }) { items { id title } } }')).toEqual({
      listPosts: { items: [{ id: 'p2', title: 'second' }] },
    })
    expect(await ask('{ postTagsByTagId(tagId: "t1") { items { postId post { title } } } }')).toEqual({
      postTagsByTagId: { items: [{ postId: 'p1', post: { title: 'first' } }] },
    })
    expect(await ask('mutation { updatePost(input: { id: "p1", title: "changed" }) { id title content } }')).toEqual({
      updatePost: { id: 'p1', title: 'changed', content: 'text' },
    })
    expect(await ask('mutation { deletePost(input: { id: "p2" }) { id } }')).toEqual({ deletePost: { id: 'p2' } })
    expect(await ask('{ getPost(id: "p2") { id } }')).toEqual({ getPost: null })
  })
})
