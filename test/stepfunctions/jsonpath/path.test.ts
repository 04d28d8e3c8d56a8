import { describe, expect, it } from 'vitest'
import { evaluatePath, insertAt } from '../../../src/stepfunctions/jsonpath/evaluatePath.ts'
import { PathNotFoundError, PathSyntaxError } from '../../../src/stepfunctions/jsonpath/path.ts'
import { compileStatePath } from '../../../src/stepfunctions/jsonpath/statePath.ts'
import { environmentOf, variablesOf } from '../environment.ts'

const store = {
  book: [
    { title: 'A', price: 8, tags: ['x', 'y'] },
    { title: 'B', price: 12, isbn: '1' },
    { title: 'C', price: 9, isbn: '2' },
  ],
  'a b': { 'c.d': 1 },
  empty: [],
  nothing: null,
}

function read(text: string, data: unknown = store): unknown {
  return compileStatePath(text).read(environmentOf(data), data)
}

describe('a definite path', () => {
  it.each([
    ['$', store],
    ['$.book[0].title', 'A'],
    ["$['book'][1]['price']", 12],
    ['$.book[-1].title', 'C'],
    ["$['a b']['c.d']", 1],
    ['$.nothing', null],
    ['$.book.length()', 3],
  ])('%s gives one value', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it.each([
    ['$.missing', "No results for path: $['missing']"],
    ['$.missing.x', "Missing property in path $['missing']"],
    ['$.book[7]', "Index out of bounds when evaluating path $['book'][7]"],
    ['$.__proto__', "No results for path: $['__proto__']"],
    ['$.constructor.name', "Missing property in path $['constructor']"],
  ])('%s that leads nowhere is refused', (text, message) => {
    expect(() => read(text)).toThrow(new PathNotFoundError(message))
  })
})

describe('an indefinite path', () => {
  it.each([
    ['$.book[*].title', ['A', 'B', 'C']],
    ['$.book[*].isbn', ['1', '2']],
    ['$.book[*].nope', []],
    ['$.empty[*]', []],
    ['$.book[0,2].title', ['A', 'C']],
    ['$.book[1:].title', ['B', 'C']],
    ['$.book[:-1].title', ['A', 'B']],
    ['$..price', [8, 12, 9]],
    ['$..tags[0]', ['x']],
    ['$.book[?(@.price < 10)].title', ['A', 'C']],
    ['$.book[?(@.isbn)].title', ['B', 'C']],
    ['$.book[?(!@.isbn)].title', ['A']],
    ["$.book[?(@.title == 'B' || @.price > 100)].title", ['B']],
    ["$.book[?(@.title in ['A', 'C'] && @.price >= 9)].title", ['C']],
    ['$.book[?(@.title =~ /[ab]/i)].title', ['A', 'B']],
    ["$.book[?(@.tags contains 'y')].title", ['A']],
    ['$.book[?(@.price == $.book[1].price)].title', ['B']],
  ])('%s gives a list', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it('merges several names of one object', () => {
    expect(read("$.book[0]['title','price']")).toEqual({ title: 'A', price: 8 })
  })
})

describe('the roots of a path', () => {
  it('reads the context object and variables', () => {
    const environment = environmentOf({}, { variables: variablesOf({ v: { x: [1, 2] } }) })
    expect(compileStatePath('$$.State.Name').read(environment, {})).toBe('S')
    expect(compileStatePath('$v.x[1]').read(environment, {})).toBe(2)
    expect(() => compileStatePath('$w').read(environment, {})).toThrow(PathNotFoundError)
  })
})

describe('what is no path', () => {
  it.each(['x', '$.', '$..', '$[', '$[?', "$['a", '$.a[b]', '$.a[1:2:0]', '$[(@.length-1)]', '$.a.eval()', '$.a]'])(
    '%s is refused',
    (text) => {
      expect(() => compileStatePath(text)).toThrow(PathSyntaxError)
    },
  )
})

describe('inserting at a reference path', () => {
  const insert = (text: string, target: unknown, value: unknown): unknown =>
    insertAt(compileStatePath(text).path, target, value)

  it('makes the objects on the way and leaves the original alone', () => {
    const target = { keep: 1, deep: { list: [1, 2] } }
    expect(insert('$.a.b', target, 7)).toEqual({ keep: 1, deep: { list: [1, 2] }, a: { b: 7 } })
    expect(insert('$.deep.list[1]', target, 7)).toEqual({ keep: 1, deep: { list: [1, 7] } })
    expect(target).toEqual({ keep: 1, deep: { list: [1, 2] } })
  })

  it('takes __proto__ for a name like any other', () => {
    const changed = insert('$.__proto__.x', {}, 1)
    expect(JSON.stringify(changed)).toBe('{"__proto__":{"x":1}}')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('refuses what is in the way', () => {
    expect(() => insert('$.a.b', { a: 'text' }, 1)).toThrow(PathNotFoundError)
    expect(() => insert('$.a[3]', { a: [1] }, 1)).toThrow(PathNotFoundError)
  })

  it('evaluates nothing while it reads', () => {
    expect(evaluatePath(compileStatePath('$.a').path, { a: '$.b' })).toBe('$.b')
  })
})
