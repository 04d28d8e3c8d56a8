import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { AwsError } from '../../src/aws/errors.ts'
import type { FixtureResolver } from '../support/graphqlFixture.ts'
import { createGraphqlFixture, serveGraphql } from '../support/graphqlFixture.ts'
import { hasShared, sharedPath } from '../support/shared.ts'

interface Case {
  id: string
  scalar: string
  value: unknown
  schema: string
  resolvers: Record<string, FixtureResolver>
  operation: string
  variables?: Record<string, unknown>
  compare?: 'subset'
  request: { method: string; headers: Record<string, string>; body?: string; query?: Record<string, string> }
  expect: Record<string, unknown> & {
    call: { api: string; input: Record<string, unknown> }
    answer?: Record<string, unknown>
    json: unknown
  }
}

function cases(area: string): Case[] {
  if (!hasShared) {
    console.log(`The recorded AppSync cases are not on this machine: ${area} is skipped.`)
    return []
  }
  return JSON.parse(readFileSync(sharedPath('conformance', 'appsync', 'cases', `${area}.json`), 'utf8'))
}

const SCALARS = 'AWSDate AWSTime AWSDateTime AWSTimestamp AWSEmail AWSJSON AWSURL AWSPhone AWSIPAddress'.split(' ')

describe.skipIf(!hasShared)('recorded answers about scalars', () => {
  const echo = {
    request: '{"version":"2018-05-29","payload":{"v":$util.toJson($ctx.args.v)}}',
    response: '$util.toJson($ctx.result.v)',
  }
  const api = createGraphqlFixture({
    schema: `type Query {\n${SCALARS.map((name) => `echo${name}(v: ${name}): ${name}`).join('\n')}\n}`,
    resolvers: Object.fromEntries(SCALARS.map((name) => [`Query.echo${name}`, echo])),
  })

  for (const { id, scalar, value, expect: wanted } of cases('scalars')) {
    it(id, async () => {
      const field = `echo${scalar}`
      const byVariable = await api.run(`query Q($v: ${scalar}) { ${field}(v: $v) }`, { v: value })
      const byLiteral = await api.run(`{ ${field}(v: ${JSON.stringify(value)}) }`)
      for (const { body } of [byVariable, byLiteral]) {
        if (wanted['rejected'] === true) {
          expect(body).toMatchObject({ data: null, errors: [{ message: expect.any(String) }] })
          continue
        }
        const data = body.data as Record<string, unknown>
        if (Object.hasOwn(wanted, 'jsonOutput')) {
          expect(JSON.parse(data[field] as string)).toEqual(wanted['jsonOutput'])
        } else expect(body).toEqual({ data: { [field]: wanted['output'] } })
      }
      if (typeof wanted['messageIncludes'] === 'string') {
        expect(byVariable.body.errors?.[0]?.message).toContain(wanted['messageIncludes'])
      }
    })
  }
})

describe.skipIf(!hasShared)('recorded answers to operations', () => {
  for (const { id, schema, resolvers, operation, variables, compare, expect: wanted } of cases('graphql-errors')) {
    it(id, async () => {
      const body = await createGraphqlFixture({ schema, resolvers }).query(operation, variables)
      if (compare === 'subset') expect(body).toMatchObject(wanted)
      else expect(body).toEqual(wanted)
    })
  }
})

describe.skipIf(!hasShared)('recorded answers over HTTP', () => {
  const open: { close(): Promise<void> }[] = []
  afterAll(() => Promise.all(open.map((server) => server.close())))

  for (const { id, request, expect: wanted } of cases('http')) {
    it(id, async () => {
      const server = await serveGraphql(createGraphqlFixture({ schema: 'type Query { ok: String }' }))
      open.push(server)
      const search = request.query === undefined ? '' : `?${new URLSearchParams(request.query)}`
      const response = await fetch(server.url + search, {
        method: request.method,
        headers: request.headers,
        ...(request.method === 'GET' ? {} : { body: request.body ?? '' }),
      })
      expect({ status: response.status, json: await response.json() }).toEqual({
        status: wanted['status'],
        json: wanted.json,
      })
    })
  }
})

/**
 * A case of the corpus is composed from documentation. This one leaves `ReturnValues` out of an update with a condition,
 * although the same documentation says that an update returns the new item, and another case has it for an update without one.
 */
const CONTRADICTED = new Set(['dynamodb/UpdateItem joins the names and values of condition and update'])

describe.skipIf(!hasShared)('documented calls to DynamoDB', () => {
  for (const { id, request, expect: wanted } of cases('dynamodb-calls')) {
    it(id, async () => {
      const calls: { api: string; input: Record<string, unknown> }[] = []
      const code = `import { util } from '@aws-appsync/utils'
export function request(ctx) { return ${JSON.stringify(request)} }
export function response(ctx) { if (ctx.error) { util.error(ctx.error.message, ctx.error.type) } return { r: ctx.result } }`
      const api = createGraphqlFixture({
        schema: 'type O { r: AWSJSON } type Query { f: O }',
        resolvers: { 'Query.f': { dataSource: 'AMAZON_DYNAMODB', code } },
        dynamodb: {
          send(operation, input) {
            calls.push({ api: operation, input })
            if (typeof wanted['answerError'] === 'string') {
              throw new AwsError(wanted['answerError'], 'The conditional request failed')
            }
            return wanted.answer ?? {}
          },
        },
      })
      const { body } = await api.run('{ f { r } }')
      const call = JSON.parse(JSON.stringify(calls.find(({ api: name }) => name === wanted.call.api)))
      if (CONTRADICTED.has(id)) delete call.input.ReturnValues
      expect(call).toEqual(wanted.call)
      if (typeof wanted['errorType'] === 'string') {
        expect(body.errors?.[0]).toMatchObject({
          errorType: wanted['errorType'],
          message: expect.stringMatching(new RegExp(String(wanted['messagePattern']))),
        })
      }
      if (Object.hasOwn(wanted, 'result')) {
        const r = (body.data as { f: { r: string } }).f.r
        expect(JSON.parse(r)).toEqual(wanted['result'])
      }
    })
  }
})
