import { describe, expect, it } from 'vitest'
import { Budget } from '../../../src/runtime/emit/budget.ts'
import { PatternSyntaxError } from '../../../src/runtime/util/regex/parse.ts'
import { compilePattern } from '../../../src/runtime/util/regex/pattern.ts'
import { replaceMatches, splitMatches } from '../../../src/runtime/util/regex/replace.ts'

const plenty = (): Budget => new Budget(30_000_000)

describe('patterns of java.util.regex', () => {
  it.each([
    ['a*b', 'aaaaab', true],
    ['a*b', 'xaaab', false],
    ['^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}$', 'test@example.com', true],
    ['(?=.*[a-z])(?=.*[A-Z])(?=.*\\d).{8,}', 'Passw0rd', true],
    ['(?=.*[a-z])(?=.*[A-Z])(?=.*\\d).{8,}', 'password', false],
    ['(?!admin).*', 'administrator', false],
    ['.*(?<=\\.com)', 'x.com', true],
    ['.*(?<!\\.com)', 'x.com', false],
    ['[a-z&&[^aeiou]]+', 'xyz', true],
    ['[a-z&&[^aeiou]]+', 'xya', false],
    ['[a[bc]]+', 'abc', true],
    ['a++a', 'aaa', false],
    ['(?>a|ab)c', 'abc', false],
    ['\\Qa.b\\E+', 'a.bbb', true],
    ['(?i)STRASSE|x', 'strasse', true],
    ['(?iu)É', 'é', true],
    ['(?x) a b # comment', 'ab', true],
    ['.', '\n', false],
    ['(?s).', '\n', true],
    ['a$', 'a\n', false],
    ['(?m)^b$', 'b', true],
    ['\\p{L}+', 'Amélie', true],
    ['\\p{Alpha}+', 'Amélie', false],
    ['\\p{IsGreek}', 'α', true],
    ['\\x41\\u0042\\t', 'AB\t', true],
    ['😀+', '😀😀', true],
    ['[^x]', '😀', true],
    ['\\bfoo\\b', 'foo', true],
    ['(a|)+', 'aa', true],
    ['(a{2}){2,3}', 'aaaaaa', true],
    ['(a{2}){2,3}', 'aaaaa', false],
    ['\\R', '\r\n', true],
    ['(?<name>a)b', 'ab', true],
    ['x*', '', true],
  ])('%j on %j is %j', (pattern, text, expected) => {
    expect(compilePattern(pattern).matches(text, plenty())).toBe(expected)
  })

  it('find as Java does', () => {
    const find = (pattern: string, text: string) => {
      const match = compilePattern(pattern).finder(text, plenty())(0)
      return match === undefined ? undefined : [...match]
    }
    expect(find('(a+)(b)?', 'xaac')).toEqual([1, 3, 1, 3, -1, -1])
    expect(find('a|ab', 'ab')).toEqual([0, 1])
    expect(find('a+?', 'aaa')).toEqual([0, 1])
    expect(find('b', 'aaa')).toBeUndefined()
    expect(find('b$', 'ab\n')).toEqual([1, 2])
    expect(find('(?m)^b', 'a\nb')).toEqual([2, 3])
  })

  it('replace and split as Java does', () => {
    expect(replaceMatches('abab', '(?<x>a)', '<$1${x}\\$>', true, plenty())).toBe('<aa$>b<aa$>b')
    expect(replaceMatches('abc', '', '-', true, plenty())).toBe('-a-b-c-')
    expect(replaceMatches('aab', 'a', 'x', false, plenty())).toBe('xab')
    expect(splitMatches('boo:and:foo', 'o', 0, plenty())).toEqual(['b', '', ':and:f'])
    expect(splitMatches('boo:and:foo', 'o', -1, plenty())).toEqual(['b', '', ':and:f', '', ''])
    expect(splitMatches('boo:and:foo', ':', 2, plenty())).toEqual(['boo', 'and:foo'])
    expect(splitMatches('', ',', 0, plenty())).toEqual([''])
  })

  it.each([
    ['(ab', 'Unclosed group near index 3\n(ab\n   ^'],
    ['a)', "Unmatched closing ')' near index 0\na)\n^"],
    ['[a', 'Unclosed character class near index 1\n[a\n ^'],
    ['*a', "Dangling meta character '*' near index 0\n*a\n^"],
    ['(a)\\1', 'Back-references are not supported near index 3\n(a)\\1\n   ^'],
    ['a{2,1}', 'Illegal repetition range near index 5\na{2,1}\n     ^'],
    ['\\p{Nope}', 'Unknown character property name {Nope} near index 7\n\\p{Nope}\n       ^'],
  ])('refuse %j', (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(PatternSyntaxError)
    expect(() => compilePattern(pattern)).toThrow(message)
  })

  it.each(['(a+)+$', '(a|a)*$', '(a|aa)+$', '(.*)*x', '([a-z]+)*\\d', '((a*)*)*$'])(
    'never take exponential time: %s on ten thousand characters',
    (pattern) => {
      const start = performance.now()
      expect(compilePattern(`^${pattern}`).matches(`${'a'.repeat(10_000)}!`, plenty())).toBe(false)
      expect(performance.now() - start).toBeLessThan(200)
    },
  )
})
