import { describe, expect, it } from 'vitest'
import { EvaluationContextError, evaluateMappingTemplate } from '../../src/runtime/evaluateMappingTemplate.ts'

describe('EvaluateMappingTemplate', () => {
  it('answers with the text that the template printed', async () => {
    const answer = await evaluateMappingTemplate({
      template: '#set($id=$ctx.args.id)\n{\n  "key" : $util.dynamodb.toDynamoDBJson($id)\n}\n',
      context: JSON.stringify({ arguments: { id: '1' }, stash: { a: 1 } }),
    })
    expect(answer).toEqual({
      evaluationResult: '{\n  "key" : {"S":"1"}\n}\n',
      logs: [],
      stash: '{"a":1}',
      outErrors: '[]',
    })
  })

  it('answers with the JSON of what the template returned', async () => {
    expect(
      await evaluateMappingTemplate({ template: '#return({"a": $ctx.args.n})', context: { args: { n: 1 } } }),
    ).toEqual({
      evaluationResult: '{"a":1}',
      logs: [],
      stash: '{}',
      outErrors: '[]',
    })
  })

  it('answers with the error and with what came before it', async () => {
    expect(
      await evaluateMappingTemplate({
        template:
          '$util.log.info("here")$util.qr($ctx.stash.put("x", 1))$util.appendError("a", "A", {"d": 1})$util.error("boom", "T")never',
        context: {},
      }),
    ).toEqual({
      error: { message: 'boom' },
      logs: ['INFO - here'],
      stash: '{"x":1}',
      outErrors: '[{"message":"a","type":"A","data":{"d":1}}]',
    })
  })

  it('answers with the place of a syntax error', async () => {
    expect(await evaluateMappingTemplate({ template: '\n #if(', context: {} })).toEqual({
      error: {
        message: 'Encountered "<EOF>" at velocity[line 2, column 6]\nWas expecting:\n    <EXPRESSION> ...\n    ',
      },
      logs: [],
      stash: '{}',
      outErrors: '[]',
    })
  })

  it('words a syntax error as the service does', async () => {
    const { error } = await evaluateMappingTemplate({ template: '\n#if($a in $b)#end', context: {} })
    expect(error?.message).toBe(
      'Encountered "in" at velocity[line 2, column 8]\nWas expecting one of:\n    <RPAREN> ...\n    "-" ...\n    "+" ...\n    "*" ...\n    "/" ...\n    "%" ...\n    <LOGICAL_AND> ...\n    <LOGICAL_OR> ...\n    <LOGICAL_LT> ...\n    <LOGICAL_LE> ...\n    <LOGICAL_GT> ...\n    <LOGICAL_GE> ...\n    <LOGICAL_EQUALS> ...\n    <LOGICAL_NOT_EQUALS> ...\n    ',
    )
  })

  it('takes time and chance from its caller', async () => {
    const { evaluationResult } = await evaluateMappingTemplate({
      template: '$util.time.nowISO8601() $util.autoId()',
      context: {},
      run: { now: () => 0, random: () => 0 },
    })
    expect(evaluationResult).toBe('1970-01-01T00:00:00.000Z 00000000-0000-4000-8000-000000000000')
  })

  it.each(['{', '[]', '1', 'null'])('refuses the context %s', async (context) => {
    await expect(evaluateMappingTemplate({ template: 'x', context })).rejects.toThrow(EvaluationContextError)
  })
})
