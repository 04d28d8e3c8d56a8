import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleCode } from '../src/runtime/js/bundle.ts'
import { evaluate } from '../src/testing.ts'

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sidestage-testing-'))
  mkdirSync(join(root, 'resolvers'))
  mkdirSync(join(root, 'lib'))
  const write = (name: string, text: string): void => writeFileSync(join(root, name), text)
  write(
    'resolvers/getOrder.js',
    "import { get } from '@aws-appsync/utils/dynamodb'\nexport const request = (ctx) => get({ key: { id: ctx.args.id } })\n",
  )
  write(
    'lib/key.ts',
    "import { util } from '@aws-appsync/utils'\n\nexport const keyOf = (id: string) => util.dynamodb.toMapValues({ id })\n",
  )
  write(
    'resolvers/putOrder.ts',
    "import { type Context, util } from '@aws-appsync/utils'\nimport { keyOf } from '../lib/key'\n\nexport function request(ctx: Context<{ id: string }>) {\n  return { key: keyOf(ctx.args.id), at: util.time.nowISO8601() }\n}\n\nexport function response(ctx: Context) {\n  return ctx.result.missing.value\n}\n",
  )
  write('resolvers/template.vtl', '{"id": $util.toJson($ctx.args.id)}')
  write('resolvers/broken.ts', 'export function request( {\n')
  write('resolvers/outside.ts', "import { x } from '../../outside'\nexport const request = () => x\n")
  const outside = join(mkdtempSync(join(tmpdir(), 'sidestage-outside-')), 'code.js')
  writeFileSync(outside, 'export const request = () => 1\n')
  symlinkSync(outside, join(root, 'resolvers/link.js'))
})

const at = (name: string): string => join(root, 'resolvers', name)

describe('evaluate of sidestage/testing', () => {
  it('runs a resolver file on a context', async () => {
    expect(
      await evaluate({ file: at('getOrder.js'), function: 'request', context: { arguments: { id: 'order-1' } } }),
    ).toEqual({
      result: { operation: 'GetItem', key: { id: { S: 'order-1' } } },
      error: undefined,
      logs: [],
      stash: {},
      outErrors: [],
    })
  })

  it('bundles TypeScript and its imports', async () => {
    expect(
      await evaluate({ file: at('putOrder.ts'), root, context: { arguments: { id: 'a' } }, now: () => 0 }),
    ).toMatchObject({ result: { key: { id: { S: 'a' } }, at: '1970-01-01T00:00:00.000Z' }, error: undefined })
  })

  it('runs codes and templates that are given as text', async () => {
    expect(
      await evaluate({ code: 'export const request = (ctx) => ctx.args.n + 1', context: { args: { n: 1 } } }),
    ).toMatchObject({ result: 2 })
    expect(await evaluate({ template: '$util.toJson($ctx.args)', context: { args: { n: 1 } } })).toMatchObject({
      result: { n: 1 },
    })
    expect(await evaluate({ file: at('template.vtl'), context: { args: { id: 'x' } } })).toMatchObject({
      result: { id: 'x' },
    })
  })

  it('gives an error of the code as the service lists it', async () => {
    expect(await evaluate({ file: at('broken.ts') })).toMatchObject({
      result: undefined,
      error: {
        codeErrors: [
          { value: 'broken.ts:2:1: Expected identifier but found end of file', location: { line: 2, column: 1 } },
        ],
      },
    })
  })

  it('asks for exactly one of file, code and template', async () => {
    await expect(evaluate({})).rejects.toThrow('evaluate() needs one of file, code and template')
    await expect(evaluate({ code: '', template: '' })).rejects.toThrow('needs one of')
  })
})

describe('a bundle', () => {
  it('knows where its lines were written', async () => {
    const { code, originalPosition } = await bundleCode(at('putOrder.ts'), { root })
    const line = code.split('\n').findIndex((each) => each.includes('ctx.result.missing')) + 1
    expect(originalPosition(line, 10)).toEqual({ file: at('putOrder.ts'), line: 9, column: 10 })
  })

  it('takes a script without imports as it is', async () => {
    const { code, originalPosition } = await bundleCode(at('getOrder.js'))
    expect(code).toContain("from '@aws-appsync/utils/dynamodb'")
    expect(originalPosition(2, 5)).toEqual({ file: at('getOrder.js'), line: 2, column: 5 })
  })

  it.each([
    ['an import', 'outside.ts'],
    ['a link', 'link.js'],
  ])('does not leave its folder by %s', async (_, name) => {
    await expect(bundleCode(at(name), { root })).rejects.toThrow('The code contains one or more errors.')
  })
})
