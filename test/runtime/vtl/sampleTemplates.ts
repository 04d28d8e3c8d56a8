import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'yaml'
import type { ResolverContext } from '../../../src/runtime/context.ts'
import { sharedPath } from '../../support/shared.ts'

export interface SampleTemplate {
  id: string
  template: string
  context: ResolverContext
}

/** A context with something in every member that the samples read. */
function sampleContext(): ResolverContext {
  return {
    arguments: {
      id: '1',
      limit: 10,
      input: { id: '1', title: 'A title', postId: 'p', tagId: 't', _version: 2 },
      filter: { title: { eq: 'a' } },
      postId: 'p',
      tagId: 't',
      condition: { title: { ne: 'x' } },
    },
    stash: {
      metadata: { dataSourceType: 'AMAZON_DYNAMODB', apiId: 'api' },
      defaultValues: { id: '9', createdAt: 'then', updatedAt: 'then' },
      conditions: [],
      tableName: 'T',
      hasAuth: true,
    },
    identity: {
      sub: 'sub',
      username: 'bob',
      issuer: 'https://issuer',
      sourceIp: ['127.0.0.1'],
      defaultAuthStrategy: 'ALLOW',
      claims: { sub: 'sub', username: 'bob', 'cognito:groups': ['g'] },
    },
    source: { id: '5', postId: '3', tagId: '4' },
    result: { items: [{ id: 1, pk: 'a', sk: 'b' }], nextToken: 'n' },
    prev: { result: { a: 1 } },
    request: { headers: { host: 'h' }, domainName: null },
    info: {
      fieldName: 'f',
      parentTypeName: 'Query',
      variables: {},
      selectionSetList: ['id'],
      selectionSetGraphQL: '{ id }',
    },
  }
}

/** Every VTL template of the samples and of the shared cases. */
export function sampleTemplates(): SampleTemplate[] {
  return [...amplifyTemplates(), ...inlineTemplates(), ...caseTemplates()]
}

function amplifyTemplates(): SampleTemplate[] {
  const folder = sharedPath('samples/amplify-many-to-many')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.vtl'))
    .sort()
    .map((name) => ({
      id: `amplify ${name.slice(6, 14)}`,
      template: readFileSync(sharedPath('samples/amplify-many-to-many', name), 'utf8'),
      context: sampleContext(),
    }))
}

const TEMPLATE_KEYS = new Set(['RequestMappingTemplate', 'ResponseMappingTemplate', 'request', 'response'])

/** Templates written into CloudFormation and Serverless files. */
function inlineTemplates(): SampleTemplate[] {
  const files = [
    'samples/single-table-cloudformation/template.yaml',
    'samples/step-functions-express/template.yaml',
    ...readdirSync(sharedPath('samples/plugin-examples'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('serverless.yml'))
      .sort()
      .map((name) => `samples/plugin-examples/${name}`),
    ...readdirSync(sharedPath('samples/plugin-examples'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.vtl'))
      .sort()
      .map((name) => `samples/plugin-examples/${name}`),
  ]
  const found: SampleTemplate[] = []
  for (const file of files) {
    const text = readFileSync(sharedPath(file), 'utf8')
    if (file.endsWith('.vtl')) {
      found.push({ id: file, template: text, context: sampleContext() })
      continue
    }
    const walk = (value: unknown, path: string): void => {
      if (value === null || typeof value !== 'object') return
      for (const [key, member] of Object.entries(value)) {
        if (
          typeof member === 'string' &&
          TEMPLATE_KEYS.has(key) &&
          /[#$]/.test(member) &&
          !/^\S+\.(vtl|js)$/.test(member)
        ) {
          found.push({
            id: `${basename(file.replace(/\/[^/]*$/, ''))} ${path} ${key}`,
            template: member,
            context: sampleContext(),
          })
        } else walk(member, key)
      }
    }
    walk(parse(text, { logLevel: 'silent', uniqueKeys: false }), '')
  }
  return found
}

function caseTemplates(): SampleTemplate[] {
  const folder = sharedPath('conformance/appsync/cases')
  return readdirSync(folder)
    .sort()
    .flatMap(
      (name) =>
        JSON.parse(readFileSync(sharedPath('conformance/appsync/cases', name), 'utf8')) as Record<string, unknown>[],
    )
    .flatMap((one) => {
      const context = { arguments: {}, stash: {}, ...(one['context'] as object | undefined) } as ResolverContext
      if (typeof one['template'] === 'string') return [{ id: String(one['id']), template: one['template'], context }]
      const resolvers = Object.entries((one['resolvers'] ?? {}) as Record<string, Record<string, unknown>>)
      return resolvers.flatMap(([field, resolver]) =>
        (['request', 'response'] as const).flatMap((side) =>
          typeof resolver[side] === 'string'
            ? [{ id: `${String(one['id'])} ${field} ${side}`, template: resolver[side], context: sampleContext() }]
            : [],
        ),
      )
    })
}
