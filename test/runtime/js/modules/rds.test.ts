import { describe, expect, it } from 'vitest'
import { evaluateCode } from '../../../../src/runtime/evaluateCode.ts'

async function made(expression: string): Promise<unknown> {
  const { evaluationResult, error } = await evaluateCode({
    code: `import * as rds from '@aws-appsync/utils/rds'\nimport { sql, agg } from '@aws-appsync/utils/rds'\nexport function request(ctx) {\n  return ${expression}\n}`,
    context: {},
  })
  if (error !== undefined) return { error: error.message }
  return JSON.parse(evaluationResult ?? 'null')
}

function statement(text: string, variableMap: Record<string, unknown> = {}): unknown {
  return { statements: [text], variableMap, variableTypeHintMap: {} }
}

describe('@aws-appsync/utils/rds', () => {
  it.each([
    [
      'rds.select({ from: "orders", columns: ["customer", agg.sum("price"), { total: agg.countDistinct("id") }], leftJoin: [{ from: "customers", using: ["id"] }, { table: { c: "cities" }, on: sql`c.id = orders.city` }], groupBy: ["customer", 1], having: { price: { sum: { gt: 10 } } } })',
      statement(
        'SELECT "customer", SUM ("price"), COUNT (DISTINCT "id") as "total" FROM "orders" LEFT JOIN "customers" USING ("id") LEFT JOIN "cities" as "c" ON c.id = orders.city GROUP BY "customer", 1 HAVING SUM ("price") > :P0',
        { ':P0': 10 },
      ),
    ],
    [
      'rds.select({ from: { sub: rds.select({ table: "t", where: { a: { eq: 1 } } }) }, where: { b: { eq: 2 } } })',
      statement('SELECT * FROM (SELECT * FROM "t" WHERE "a" = :P0) as "sub" WHERE "b" = :P1', { ':P0': 1, ':P1': 2 }),
    ],
    ["rds.select({ table: 'a\"b; drop' })", statement('SELECT * FROM "a""b; drop"')],
    [
      'rds.insert({ table: "t", values: { \'x") --\': 1 } })',
      statement('INSERT INTO "t" ("x"") --") VALUES (:P0)', { ':P0': 1 }),
    ],
    [
      'rds.select({ table: "t", where: { not: [{ a: { eq: 1 } }] } })',
      statement('SELECT * FROM "t" WHERE NOT ("a" = :P0)', { ':P0': 1 }),
    ],
    [
      'rds.select({ table: "t", where: { or: [{ a: { eq: 1 }, b: { notContains: "x" } }, { c: { size: { gt: null } } }] } })',
      statement('SELECT * FROM "t" WHERE ("a" = :P0) OR ("b" NOT LIKE :P1) OR (LENGTH ("c") > NULL)', {
        ':P0': 1,
        ':P1': 'x',
      }),
    ],
    ['rds.select(null)', { error: 'code.js:4:32: Expected payload to be an Object.' }],
    ['null', { error: 'code.js:4:10: Unsupported type is passed as argument to createPgStatement' }],
    ['', { error: 'code.js:4:10: An argument is expected to be passed to createPgStatement' }],
    ['rds.insert({ table: "t" })', { error: 'code.js:4:10: values are expected to be passed to insert' }],
    [
      'rds.select({ table: "t", from: "u" })',
      { error: "code.js:4:10: 'from' and 'table' keys cannot be used together" },
    ],
    [
      'rds.select({ table: { a: "x", b: "y" } })',
      { error: 'code.js:4:10: table alias is allowed only one key-value pair.' },
    ],
    ['rds.select({ table: { a: 1 } })', { error: 'code.js:4:10: Table alias value is expected to be a string.' }],
    [
      'rds.select({ table: "t", where: "x" })',
      { error: 'code.js:4:10: WHERE values are expected to be SQL templates or a condition object.' },
    ],
    ['rds.select({ table: "t", where: { and: [1] } })', { error: 'code.js:4:10: Expected and to be an Object.' }],
    [
      'rds.select({ table: "t", where: { a: { between: 1 } } })',
      { error: 'code.js:4:10: a.between condition expects an array with length of 2.' },
    ],
    [
      'rds.select({ table: "t", where: { a: { size: 1 } } })',
      { error: 'code.js:4:10: Expected a.size to be an Object.' },
    ],
    ['rds.select({ table: "t", orderBy: ["a"] })', { error: 'code.js:4:10: orderBy item expected to be an object.' }],
    ['rds.select({ table: {} })', { error: 'code.js:4:10: java.util.NoSuchElementException' }],
    ['rds.select({ table: "t", offset: "x" })', { error: 'code.js:4:10: offset expects a number.' }],
  ])('createPgStatement(%s)', async (expression, expected) => {
    expect(await made(`rds.createPgStatement(${expression})`)).toEqual(expected)
  })

  it('counts the variables over both statements', async () => {
    expect(
      await made(
        'rds.createMySQLStatement(rds.update({ table: "t", values: { a: rds.typeHint.DECIMAL("1.5"), b: null }, where: { id: { eq: 1 } } }), sql`select ${2} from t`)',
      ),
    ).toEqual({
      statements: ['UPDATE `t` SET `a` = :P0, `b` = NULL WHERE `id` = :P1', 'select :P2 from t'],
      variableMap: { ':P0': '1.5', ':P1': 1, ':P2': 2 },
      variableTypeHintMap: { ':P0': 'DECIMAL' },
    })
  })
})

describe('@aws-appsync/utils/ai', () => {
  it('names the operation of a request', async () => {
    const { evaluationResult } = await evaluateCode({
      code: `import { converse, invokeModel } from '@aws-appsync/utils/ai'
        export const request = () => [invokeModel({ modelId: 'm', body: { a: 1 } }), converse({ modelId: 'm', messages: [] })]`,
      context: {},
    })
    expect(JSON.parse(evaluationResult ?? '')).toEqual([
      { operation: 'InvokeModel', modelId: 'm', body: { a: 1 } },
      { operation: 'Converse', modelId: 'm', messages: [] },
    ])
  })
})
