import { describe, expect, it } from 'vitest'
import type { ResolverContext } from '../../../src/runtime/context.ts'
import { BudgetSpent, SLICE_STEPS } from '../../../src/runtime/emit/budget.ts'
import { evaluateTemplate, renderOf } from '../../../src/runtime/vtl/compile.ts'

const items = Array.from({ length: 500 }, (_, index) => ({ id: `item${index}`, n: index, list: [1, 2, 3] }))
const context: ResolverContext = {
  arguments: { a: 1, s: 'abc,def,ghi,jkl,mno', l: items.map(({ id }) => id), m: { x: 1 } },
  stash: {},
  result: { items },
  prev: { result: structuredClone({ items }) },
}

/** Bodies of a loop that never ends by itself: what costs most, of every kind. */
const bodies = [
  '#set($x = $i)',
  '#set($x = "a$i b$j")',
  '$util.autoId()$util.autoKsuid()$util.autoUlid()',
  '$util.time.nowFormatted("yyyy-MM-dd HH:mm:ss zzzz", "America/New_York")',
  '$util.time.parseFormattedToEpochMilliSeconds("2018-02-01 01:19", "yyyy-MM-dd HH:mm", "Australia/Perth")',
  '$util.toJson($ctx.result)',
  '#set($x = $util.parseJson($util.toJson($ctx.result)))',
  '$util.dynamodb.toDynamoDBJson($ctx.result)',
  '#set($m = {"a": 1, "b": [1, 2, 3]})',
  '#set($x = $ctx.args.s.replaceAll("[a-c]", "b"))',
  '#set($x = $ctx.args.s.split(","))',
  '#set($x = $util.matches("^[a-z]+(,[a-z]+)*$", $ctx.args.s))',
  '#set($x = $util.xml.toMap("<a b=""c""><d>1</d></a>"))',
  '#set($x = $util.transform.toDynamoDBFilterExpression({"a": {"eq": 1}, "b": {"gt": 2}}))',
  '#set($x = $util.transform.toSubscriptionFilter({"a": {"eq": 1, "ne": 2}, "b": {"eq": 1, "ne": 2}}))',
  '#set($x = $util.list.sortList($ctx.args.l, false, "a"))',
  '#set($x = $util.list.copyAndRemoveAll($ctx.args.l, $ctx.args.l))',
  '#if($ctx.result == $ctx.prev.result)x#end',
  '#if($ctx.args.l.contains("zz"))x#end',
  '$util.urlEncode($ctx.args.s)$util.base64Encode($ctx.args.s)$util.escapeJavaScript($ctx.args.s)',
  '#set($x = $ctx.args.s.format("%05d %s", 5, "x"))',
  '$util.appendError("x")$util.log.info("x {}", $i)',
  '#set($x = 123456789 * 987654321 * 99999)',
  '$util.qr($ctx.stash.put("k$i", $i))',
  '#set($l = [])$util.qr($l.addAll($ctx.args.l))',
]

describe('a slice of steps', () => {
  it.each(bodies)('holds this thread for some ten milliseconds, whatever the work: %s', (body) => {
    const template = `#foreach($i in [1..1000])#foreach($j in [1..1000])${body}#end#end`
    const render = renderOf(template, 'template')
    let best = Number.POSITIVE_INFINITY
    // Compiled code is what counts; a busy machine is not.
    for (let attempt = 0; attempt < 4; attempt++) {
      const start = performance.now()
      try {
        expect(evaluateTemplate(render, 'response', context, SLICE_STEPS).type).toBe('error')
      } catch (error) {
        expect(error).toBeInstanceOf(BudgetSpent)
      }
      best = Math.min(best, performance.now() - start)
    }
    expect(best).toBeLessThan(80)
  })
})
