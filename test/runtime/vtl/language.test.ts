import { describe, expect, it } from 'vitest'
import { renderOn } from './renderOn.ts'

type Row = [name: string, template: string, expected: string, args?: Record<string, unknown>]

function rows(title: string, all: Row[]): void {
  describe(title, () => {
    it.each(all)('%s', async (_name, template, expected, args) => {
      expect(await renderOn(template, args)).toBe(expected)
    })
  })
}

const person = { name: 'Ann', age: 7, tags: ['a', 'b'], address: { 'zip-code': '12345' } }

rows('references', [
  ['print a property', '$ctx.args.name', 'Ann', person],
  ['print an index', '$ctx.args.tags[1] $ctx.args.tags.get(0)', 'b a', person],
  ['print a member by its key', '$ctx.args["name"] $ctx.args.address["zip-code"]', 'Ann 12345', person],
  ['take hyphens into names', '$ctx.args.address.zip-code', '12345', person],
  [
    'end before a hyphen in text when nothing has the whole name',
    '$ctx.args.name-report $name-x "$ctx.args.address.zip-code-x"',
    'Ann-report $name-x "$ctx.args.address.zip-code-x"',
    person,
  ],
  ['end before a hyphen in interpolated texts', '#set($a = "v")#set($x = "$a-report $!b-x")$x', 'v-report '],
  ['leave a hyphen before a number to arithmetic', '#set($x = $ctx.args.age-1)$x', '6', person],
  ['leave a hyphen before another reference alone', '$ctx.args.name-$ctx.args.age', 'Ann-7', person],
  ['count negative indexes from the end', '$ctx.args.tags[-1]', 'b', person],
  [
    'print as they are written when null',
    '$ctx.args.none $ctx.args.none.deeper() ${none}',
    '$ctx.args.none $ctx.args.none.deeper() ${none}',
  ],
  ['print nothing when null and quiet', '[$!ctx.args.none][$!{none.x}]', '[][]'],
  ['have an alternate value', "${ctx.args.none|'x'}${ctx.args.name|'y'}", 'xAnn', person],
  ['end where the name ends', '${ctx.args.name}ly $ctx.args.name.', 'Annly Ann.', person],
  ['need no space around', '"$ctx.args.name"', '"Ann"', person],
  ['are not every dollar', '$5 $ $$ $-x', '$5 $ $$ $-x'],
  [
    'can be escaped when they have a value',
    '\\$ctx.args.name \\\\$ctx.args.name \\$none',
    '$ctx.args.name \\Ann \\$none',
    person,
  ],
  [
    'reach $context, $utils and $ctx.arguments',
    '$context.arguments.name $utils.toJson($ctx.arguments.age)',
    'Ann 7',
    person,
  ],
])

rows('texts', [
  ['in single quotes are literal', "#set($x = 'a $ctx it''s \"q\"')$x", 'a $ctx it\'s "q"'],
  ['in double quotes are interpolated', '#set($x = "a ${ctx.args.name}b ""q"" $none")$x', 'a Annb "q" $none', person],
  ['in double quotes may hold directives', '#set($x = "#if(true)y#else n#end")$x', 'y'],
  ['inside interpolated texts double their quotes', '#set($x = "$ctx.args.get(""name"")")$x', 'Ann', person],
  ['keep backslashes', "#set($x = 'a\\nb')$x", 'a\\nb'],
])

rows('numbers', [
  ['divide as integers', '#set($x = 7 / 2)$x #set($y = -7 / 2)$y #set($z = -7 % 3)$z', '3 -3 -1'],
  ['divide as floating-point numbers when one is', '#set($x = 7.0 / 2)$x #set($y = 6.0 / 2)$y', '3.5 3.0'],
  [
    'print doubles as Java does',
    '#set($x = 1.0E10)$x #set($y = 12345678.5)$y #set($z = 0.0001)$z',
    '1.0E10 1.23456785E7 1.0E-4',
  ],
  [
    'never overflow',
    '#set($x = 2147483647 + 1)$x #set($y = 9223372036854775807 + 1)$y',
    '2147483648 9223372036854775808',
  ],
  ['are exact beyond 2^53', '#set($x = 9007199254740993)$x #set($y = $x * 2)$y', '9007199254740993 18014398509481986'],
  ['keep their digits in JSON', '$util.toJson({"a": 9007199254740993, "b": 3.0})', '{"a":9007199254740993,"b":3.0}'],
  ['divided by zero are null', '#set($x = 1 / 0)$x', '$x'],
  ['add texts', '#set($x = "a" + 1)$x #set($y = 1 + "b")$y', 'a1 1b'],
  ['bind as in Java', '#set($x = 1 + 2 * 3 - 4)$x #set($y = (1 + 2) * 3)$y #set($z = -$x)$z', '3 9 -3'],
])

rows('conditions', [
  [
    'take null and false for false, all else for true',
    '#foreach($x in [0, "", [], {}, false, $none])#if($x)t#{else}f#end#end',
    'ttttff',
  ],
  ['choose a branch', '#if($ctx.args.age == 1)a#elseif($ctx.args.age == 7)b#{else}c#end', 'b', person],
  ['compare numbers by value', '#if(1 == 1.0)a#end#if(2 > 1.5)b#end#if(1 >= 2)c#end', 'ab'],
  ['compare unlike classes by their text', '#if("1" == 1)a#end#if(true == "true")b#end', 'ab'],
  ['compare maps and lists by content', '#if({"a": [1]} == {"a": [1]})a#end#if([1] != [2])b#end', 'ab'],
  ['take null as equal to null only', '#if($none == $none2)a#end#if($none == "")b#end', 'a'],
  ['are false when there is no order', '#if($none < 1)a#end#if("x" > 1)b#end#if($none >= $none)c#end', ''],
  ['know words for operators', '#if(1 eq 1 and not (1 ne 1) or 1 gt 2)a#end', 'a'],
  ['evaluate no more than they must', '#if(true || $ctx.args.tags.get(99))a#end', 'a', person],
])

rows('loops', [
  ['go over lists', '#foreach($t in $ctx.args.tags)$foreach.index:$t#if($foreach.hasNext),#end#end', '0:a,1:b', person],
  ['go over the values of maps', '#foreach($v in {"b": 1, "a": 2})$v#end', '12'],
  ['go over ranges', '#foreach($i in [1..3])$i#end#foreach($i in [3..1])$i#end', '123321'],
  [
    'know their place',
    '#foreach($i in [1..3])$foreach.count$foreach.first$foreach.last #end',
    '1truefalse 2falsefalse 3falsetrue ',
  ],
  ['know the loop around them', '#foreach($i in [1..2])#foreach($j in [1])$foreach.parent.index#end#end', '01'],
  ['end with #break', '#foreach($i in [1..9])#if($i == 3)#break#end$i#end', '12'],
  ['give the variable back', '#set($i = "x")#foreach($i in [1])$i#end$i', '1x'],
  ['have an #else for nothing', '#foreach($i in [])x#else y#end', ' y'],
  ['take nothing from what is no list', '#foreach($i in "abc")x#end#foreach($i in $none)y#end', ''],
  ['count as $velocityCount', '#foreach($i in ["a"])$velocityCount#end', '1'],
  ['stop after a thousand turns', '#foreach($i in [1..5000])#set($n = $i)#end$n', '1000'],
])

rows('maps', [
  [
    'keep their order, also of keys like integers',
    '#set($m = {"b": 1, "2": 2, "1": 3})$util.toJson($m)',
    '{"b":1,"2":2,"1":3}',
  ],
  ['can be written', '#set($m = {})#set($m.a = 1)#set($m["b"] = 2)$util.qr($m.put("c", 3))$m', '{a=1, b=2, c=3}'],
  ['print null of put as written', '#set($m = {})$m.put("a", 1)', '$m.put("a", 1)'],
  ['give entries', '#set($m = {"a": 1})#foreach($e in $m.entrySet())$e.key=$e.value $e.getKey() $e#end', 'a=1 a a=1'],
  ['lose keys with their key set', '#set($m = {"a": 1, "b": 2})#set($d = $m.keySet().removeAll(["a"]))$m', '{b=2}'],
  ['have no classes', '#set($m = {"class": 1})$m.class $m.getClass() $m.constructor', '1 $m.getClass() $m.constructor'],
])

rows('directives', [
  [
    'take their line with them',
    'a\n  #if(false)\n  x\n  #elseif(true)\n  y\n  #else\n  z\n  #end\n  ## c\n.',
    'a\n  y\n.',
  ],
  ['leave a line with other text alone', 'a #set($x = 1)\n#if(true)b#end\n', 'a \nb\n'],
  ['end the rendering', 'a#stop b', 'a'],
  ['leave literals alone', '#[[ $x #set($y = 1) ]]#', ' $x #set($y = 1) '],
  ['know comments', 'a ## b\nc #* d\n *# e', 'a \nc  e'],
  ['define macros', '#macro(twice $x)$x$x#end#twice("a")#twice(1)', 'aa11'],
  ['find macros defined later', '#later("a")#macro(later $x)<$x>#end', '<a>'],
  ['leave names that are none', '#fff #unknown(1) # x', '#fff #unknown(1) # x'],
  ['define blocks', '#define($b)<$x>#end#set($x = 1)$b#set($x = 2)$b', '<1><2>'],
  ['return values', '#return({"a": 1})never', '{"a":1}'],
  ['return what JSON says', '#return($util.toJson({"a": 1}))', '{"a":1}'],
  ['return from macros', '#macro(r)#return("x")#end a#r()b', '"x"'],
])
