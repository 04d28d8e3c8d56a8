import { describe, expect, it } from 'vitest'
import {
  DocumentSyntaxError,
  NumberText,
  type Path,
  plain,
  type SourceDocument,
} from '../../../src/loading/source/document.ts'
import { parseJson } from '../../../src/loading/source/json.ts'
import { parseDocument } from '../../../src/loading/source/open.ts'
import { parseYaml } from '../../../src/loading/source/yaml.ts'

const yaml = (text: string): SourceDocument => parseYaml(text, 'f', '/f')
const json = (text: string): SourceDocument => parseJson(text, 'f', '/f')
const at = (document: SourceDocument, ...path: Path): string => {
  const { line, column } = document.locate(path)
  return `${line}:${column}`
}

describe('YAML as CloudFormation takes it', () => {
  it.each<[string, unknown]>([
    ['a: !Ref B', { a: { Ref: 'B' } }],
    ['a: !GetAtt B.C', { a: { 'Fn::GetAtt': 'B.C' } }],
    ['a: !GetAtt [B, C]', { a: { 'Fn::GetAtt': ['B', 'C'] } }],
    ['a: !Sub ["${x}", { x: !Ref Y }]', { a: { 'Fn::Sub': ['${x}', { x: { Ref: 'Y' } }] } }],
    ['a: !Base64 x', { a: { 'Fn::Base64': 'x' } }],
    ['a: !Condition C', { a: { Condition: 'C' } }],
    ['a: !!binary eA==', { a: 'eA==' }],
    ['a: !js/function x', { a: 'x' }],
    ['a: 1\nb: 2\na: 3', { a: 3, b: 2 }],
    ['x: &x { a: 1, b: 1 }\ny: { <<: *x, b: 2 }', { x: { a: 1, b: 1 }, y: { a: 1, b: 2 } }],
    ['a: 2012-10-17', { a: '2012-10-17' }],
    ['a: yes', { a: 'yes' }],
    ['a: true', { a: true }],
    ['a:', { a: null }],
    ['1: x', { '1': 'x' }],
    ['', null],
  ])('%j', (text, value) => {
    expect(plain(yaml(text).value)).toEqual(value)
  })

  it('keeps how a number is written', () => {
    const { value } = yaml('a: 1.0\nb: 012\nc: 5\nd: 1e3')
    expect(value).toEqual({
      a: new NumberText(1, '1.0'),
      b: new NumberText(12, '012'),
      c: 5,
      d: new NumberText(1000, '1e3'),
    })
  })

  it('knows where everything stands', () => {
    const document = yaml('A:\n  B:\n    - x\n    - C: !Sub y\n  D: 1\n  D: 2\n')
    expect([
      at(document, 'A'),
      at(document, 'A', 'B', 0),
      at(document, 'A', 'B', 1, 'C'),
      at(document, 'A', 'D'),
    ]).toEqual(['2:3', '3:7', '4:15', '6:6'])
    expect(document.locateKey(['A', 'B'])).toEqual({ line: 2, column: 3 })
    // Of what is not in the text, the nearest member above it.
    expect([at(document, 'A', 'B', 9), at(document, 'A', 'X', 'Y')]).toEqual(['3:5', '2:3'])
  })

  it('says where it cannot be read', () => {
    const failure = (): unknown => {
      try {
        return yaml('a: "x')
      } catch (error) {
        return error
      }
    }
    expect(failure()).toBeInstanceOf(DocumentSyntaxError)
    expect((failure() as DocumentSyntaxError).position.line).toBe(1)
  })
})

describe('JSON', () => {
  it('is read as JSON.parse reads it, of repeated keys the last', () => {
    const text = '{"a": [1, -2.5e3, true, null, "x\\n\\u00e9"], "b": {}, "c": [], "a2": 1.0, "b": {"d": ""}}'
    expect(plain(json(text).value)).toEqual(JSON.parse(text))
  })

  it.each(['', '{', '{"a"}', '{"a":1,}', '[1', '{"a": tru}', '{"a": 01}', '{} x', '"\n"', '{"a": "\\x"}', 'NaN'])(
    'refuses %j',
    (text) => {
      expect(() => json(text)).toThrow(DocumentSyntaxError)
    },
  )

  it('knows where everything stands', () => {
    const document = json('{\n  "A": {\n    "B": ["x", {"C": 1}],\n    "B": [2]\n  }\n}')
    expect([at(document, 'A'), at(document, 'A', 'B'), at(document, 'A', 'B', 0), at(document, 'Z')]).toEqual([
      '2:8',
      '4:10',
      '4:11',
      '1:1',
    ])
    expect(document.locateKey(['A', 'B'])).toEqual({ line: 4, column: 5 })
  })
})

describe('a file', () => {
  it('is JSON when it begins like JSON, YAML otherwise', () => {
    expect(plain(parseDocument(' {"a": 1}', 'f', 'f').value)).toEqual({ a: 1 })
    expect(plain(parseDocument('{ a: !Ref B }', 'f', 'f').value)).toEqual({ a: { Ref: 'B' } })
  })
})
