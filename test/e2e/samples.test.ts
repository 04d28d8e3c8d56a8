import { afterEach, describe, expect, it } from 'vitest'
import type { SidestageServer } from '../../src/server/options.ts'
import { startServer } from '../../src/server.ts'
import { hasShared, sharedPath } from '../support/shared.ts'

let server: SidestageServer
afterEach(() => server.close())

async function start(name: string) {
  server = await startServer({
    project: sharedPath('samples', name),
    port: 0,
    memory: true,
    environment: {},
    onLogLine: () => {},
  })
  const [api] = server.apis()
  return async (query: string, variables: Record<string, unknown> = {}) => {
    const response = await fetch(api?.url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': api?.apiKey ?? '' },
      body: JSON.stringify({ query, variables }),
    })
    return (await response.json()) as { data: Record<string, Record<string, unknown>>; errors?: unknown }
  }
}

describe.skipIf(!hasShared)('applications by others, unchanged (need the shared samples)', () => {
  it('step-functions-express runs its workflow through HTTP and answers', async () => {
    const query = await start('step-functions-express')
    const { data, errors } = await query('mutation { startWorkflow(name: "Ada") { status output } }')
    expect({ data, errors }).toEqual({
      data: {
        startWorkflow: {
          status: 'SUCCEEDED',
          output: '{"message":"Hey Ada, this is a message from your state machine"}',
        },
      },
      errors: undefined,
    })
  })

  it('single-table-cloudformation stores a parent and its children and reads them together', async () => {
    const query = await start('single-table-cloudformation')
    const parent = { PK: 'p1', SK: 'parent', data: 'd', type: 'parent' }
    const child = { PK: 'p1', SK: 'child#1', data: 'c', type: 'child' }
    const create = (field: string) =>
      `mutation ($PK: ID!, $SK: String!, $data: String!, $type: String!) { ${field}(PK: $PK, SK: $SK, data: $data, type: $type) { PK SK data type } }`
    expect(await query(create('createParentItem'), parent)).toEqual({ data: { createParentItem: parent } })
    expect(await query(create('createChildItem'), child)).toEqual({ data: { createChildItem: child } })
    expect(await query('{ getParentWithChildren(PK: "p1") { PK SK data type children { SK data } } }')).toEqual({
      data: { getParentWithChildren: { ...parent, children: [{ SK: 'child#1', data: 'c' }] } },
    })
  })

  it('amplify-many-to-many creates, joins, lists, queries by index, updates and deletes', async () => {
    const query = await start('amplify-many-to-many')
    const post = (await query('mutation { createPost(input: { title: "One", content: "c" }) { id title createdAt } }'))
      .data['createPost']
    const tag = (await query('mutation { createTag(input: { label: "red" }) { id label } }')).data['createTag']
    const [p, t] = [post?.['id'], tag?.['id']]
    expect(
      await query(
        'mutation ($p: ID!, $t: ID!) { createPostTags(input: { postId: $p, tagId: $t }) { post { title } tag { label } } }',
        { p, t },
      ),
    ).toEqual({ data: { createPostTags: { post: { title: 'One' }, tag: { label: 'red' } } } })
    expect(
      await query('query ($p: ID!) { getPost(id: $p) { title tags { items { tag { label } } nextToken } } }', { p }),
    ).toEqual({
      data: { getPost: { title: 'One', tags: { items: [{ tag: { label: 'red' } }], nextToken: null } } },
    })
    expect(await query('{ listPosts(filter: { title: { beginsWith: "O" } }) { items { title } nextToken } }')).toEqual({
      data: { listPosts: { items: [{ title: 'One' }], nextToken: null } },
    })
    expect(await query('query ($t: ID!) { postTagsByTagId(tagId: $t) { items { post { title } } } }', { t })).toEqual({
      data: { postTagsByTagId: { items: [{ post: { title: 'One' } }] } },
    })
    expect(await query('mutation ($p: ID!) { updatePost(input: { id: $p, title: "Two" }) { title } }', { p })).toEqual({
      data: { updatePost: { title: 'Two' } },
    })
    const refused = await query(
      'mutation ($p: ID!) { updatePost(input: { id: $p, title: "3" }, condition: { title: { eq: "One" } }) { title } }',
      { p },
    )
    expect(refused).toMatchObject({
      data: { updatePost: null },
      errors: [{ path: ['updatePost'], errorType: 'DynamoDB:ConditionalCheckFailedException' }],
    })
    expect(await query('mutation ($p: ID!) { deletePost(input: { id: $p }) { title } }', { p })).toEqual({
      data: { deletePost: { title: 'Two' } },
    })
    expect(await query('query ($p: ID!) { getPost(id: $p) { title } }', { p })).toEqual({ data: { getPost: null } })
  })
})
