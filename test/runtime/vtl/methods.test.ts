import { describe, expect, it } from 'vitest'
import { renderOn } from './renderOn.ts'

const args = { s: 'abcabc', n: 7, list: [3, 1, 2], map: { a: 1, b: { c: 2 } }, yes: true }

/** What `$util.toJson` prints for the expression. */
async function jsonOf(expression: string): Promise<unknown> {
  const text = await renderOn(
    `#set($one = "1")#set($t = "a,b,,")#set($s = $ctx.args.s)#set($l = $ctx.args.list)#set($m = $ctx.args.map)#set($n = $ctx.args.n)$util.toJson(${expression})`,
    args,
  )
  return JSON.parse(text)
}

describe('methods of strings', () => {
  it.each([
    ['$s.length()', 6],
    ['$s.isEmpty()', false],
    ['$s.charAt(1)', 'b'],
    ['$s.substring(2)', 'cabc'],
    ['$s.substring(1, 3)', 'bc'],
    ['$s.indexOf("c")', 2],
    ['$s.indexOf("c", 3)', 5],
    ['$s.lastIndexOf("a")', 3],
    ['$s.contains("ca")', true],
    ['$s.startsWith("ab")', true],
    ['$s.startsWith("ca", 2)', true],
    ['$s.endsWith("bc")', true],
    ['$s.equals("abcabc")', true],
    ['$one.equals(1)', false],
    ['$s.equalsIgnoreCase("ABCABC")', true],
    ['$s.compareTo("abcabb")', 1],
    ['$s.concat("!")', 'abcabc!'],
    ['$s.replace("b", "$1")', 'a$1ca$1c'],
    ['$s.replaceAll("(a)(b)", "$2$1")', 'bacbac'],
    ['$s.replaceFirst("[abc]", "\\$")', '$bcabc'],
    ['$s.split("b")', ['a', 'ca', 'c']],
    ['$t.replace(",", "1").split("[0-9]")', ['a', 'b']],
    ['$t.split(",")', ['a', 'b']],
    ['$t.split(",", -1)', ['a', 'b', '', '']],
    ['$s.substring(3).split("")', ['a', 'b', 'c']],
    ['$s.matches("[a-c]+")', true],
    ['$s.matches("abc")', false],
    ['$s.toUpperCase()', 'ABCABC'],
    ['$s.concat("  ").trim()', 'abcabc'],
    ['$s.hashCode()', -1424388928],
    ['$s.format("%s is %05d, %.2f|%-4s|%x", "x", 42, 1.005, "ab", 255)', 'x is 00042, 1.00|ab  |ff'],
    ['$s.join("-", ["a", "b", 1])', 'a-b-1'],
    ['$t.valueOf(12)', '12'],
    ['$one.repeat(3)', '111'],
  ])('%s', async (expression, expected) => {
    expect(await jsonOf(expression)).toEqual(expected)
  })

  it('fail as Java does beyond their ends', async () => {
    await expect(jsonOf('$s.substring(7)')).rejects.toThrow(
      'java.lang.StringIndexOutOfBoundsException: begin 7, end 6, length 6',
    )
    await expect(jsonOf('$s.charAt(9)')).rejects.toThrow('java.lang.StringIndexOutOfBoundsException')
  })
})

describe('methods of lists', () => {
  it.each([
    ['$l.size()', 3],
    ['$l.isEmpty()', false],
    ['$l.get(1)', 1],
    ['$l.contains(2)', true],
    ['$l.contains("2")', false],
    ['$l.indexOf(2)', 2],
    ['$l.subList(1, 3)', [1, 2]],
    ['$l.containsAll([1, 2])', true],
    ['$l.equals([3, 1, 2])', true],
    ['$l.empty', false],
    ['$l.iterator().next()', 3],
    ['$m.keySet().iterator().next()', 'a'],
    ['$l.toString()', '[3, 1, 2]'],
  ])('%s', async (expression, expected) => {
    expect(await jsonOf(expression)).toEqual(expected)
  })

  it.each([
    ['$l.add(9)', [3, 1, 2, 9]],
    ['$l.add(0, "x")', ['x', 3, 1, 2]],
    ['$l.addAll([7, 8])', [3, 1, 2, 7, 8]],
    ['$l.addAll($l)', [3, 1, 2, 3, 1, 2]],
    ['$l.set(0, "x")', ['x', 1, 2]],
    ['$l.remove(0)', [1, 2]],
    ['$l.remove("x")', [3, 1, 2]],
    ['$l.removeAll([1, 2])', [3]],
    ['$l.retainAll([1, 2])', [1, 2]],
    ['$l.clear()', []],
  ])('%s changes the list', async (call, expected) => {
    expect(
      JSON.parse(await renderOn(`#set($l = $ctx.args.list)$util.qr(${call})$util.toJson($ctx.args.list)`, args)),
    ).toEqual(expected)
  })

  it('fail as Java does beyond their ends', async () => {
    await expect(jsonOf('$l.get(3)')).rejects.toThrow(
      'java.lang.IndexOutOfBoundsException: Index 3 out of bounds for length 3',
    )
  })
})

describe('methods of maps', () => {
  it.each([
    ['$m.size()', 2],
    ['$m.get("b").c', 2],
    ['$m.containsKey("a")', true],
    ['$m.containsValue(1)', true],
    ['$m.keySet()', ['a', 'b']],
    ['$m.values()', [1, { c: 2 }]],
    ['$m.getOrDefault("z", 5)', 5],
    ['$m.remove("a")', 1],
    ['$m.put("a", 2)', 1],
    ['$m.isEmpty()', false],
    ['$m.keySet().contains("a")', true],
  ])('%s', async (expression, expected) => {
    expect(await jsonOf(expression)).toEqual(expected)
  })

  it('write what they write to the map that the reference reaches', async () => {
    expect(
      await renderOn(
        '$util.qr($ctx.args.map.b.put("d", 3))$util.qr($ctx.args.map.putAll({"z": 1}))$util.toJson($ctx.args.map)',
        args,
      ),
    ).toBe('{"a":1,"b":{"c":2,"d":3},"z":1}')
  })
})

describe('methods of numbers and booleans', () => {
  it.each([
    ['$n.intValue()', 7],
    ['$n.doubleValue()', 7],
    ['$n.parseInt("42")', 42],
    ['$n.parseDouble("1.5")', 1.5],
    ['$n.toString()', '7'],
    ['$n.compareTo(8)', -1],
    ['$n.equals(7.0)', true],
    ['$n.max(3, 9)', 9],
    ['3000000000.intValue()', -1294967296],
  ])('%s', async (expression, expected) => {
    const named = expression.startsWith('$') ? expression : `$big.${expression.split('.')[1]}`
    const text = await renderOn(`#set($n = $ctx.args.n)#set($big = 3000000000)$util.toJson(${named})`, args)
    expect(JSON.parse(text)).toEqual(expected)
  })

  it('fail as Java does on texts that are no numbers', async () => {
    await expect(jsonOf('$n.parseInt("x")')).rejects.toThrow('java.lang.NumberFormatException: For input string: "x"')
    await expect(jsonOf('$n.parseInt("3000000000")')).rejects.toThrow('NumberFormatException')
  })
})

describe('arguments', () => {
  it('that fit no signature find no method, and the reference prints as it is written', async () => {
    expect(await renderOn('$ctx.args.s.substring("x") $ctx.args.list.get("0") $ctx.args.map.size(1)', args)).toBe(
      '$ctx.args.s.substring("x") $ctx.args.list.get("0") $ctx.args.map.size(1)',
    )
    expect(await renderOn('$util.isNullOrEmpty($ctx.args.yes) $util.urlEncode($ctx.args.list)', args)).toBe(
      '$util.isNullOrEmpty($ctx.args.yes) $util.urlEncode($ctx.args.list)',
    )
  })
})
