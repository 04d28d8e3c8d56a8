import type { Position } from '../problem.ts'
import { DocumentSyntaxError, emptyObject, NumberText, type Path, type SourceDocument } from './document.ts'

/** Levels of nesting; JSON.parse takes more than our walks could. */
const MAX_DEPTH = 500

/** Parses JSON; positions are searched only when somebody asks. */
export function parseJson(text: string, file: string, absolutePath: string): SourceDocument {
  const reader = createReader(text)
  return {
    file,
    absolutePath,
    value: reader.parse(),
    locate: (path) => reader.find(path, false),
    locateKey: (path) => reader.find(path, true),
  }
}

function createReader(text: string) {
  let at = 0
  const positionAt = (offset: number): Position => {
    let line = 1
    let start = 0
    for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', next + 1)) {
      line += 1
      start = next + 1
    }
    return { line, column: offset - start + 1 }
  }
  const fail = (message: string): never => {
    throw new DocumentSyntaxError(message, positionAt(at))
  }
  const skipSpace = (): void => {
    for (;;) {
      const code = text.charCodeAt(at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      at += 1
    }
  }
  const expect = (character: string): void => {
    skipSpace()
    if (text[at] !== character) fail(at >= text.length ? 'the text ends too early' : `expected ${character}`)
    at += 1
  }
  function readString(): string {
    const start = at
    if (text[at] !== '"') fail('expected a string')
    at += 1
    let plainText = true
    for (;;) {
      const code = text.charCodeAt(at)
      if (Number.isNaN(code)) return fail('the text ends inside a string')
      if (code === 0x22) break
      if (code === 0x5c) {
        plainText = false
        at += 1
      }
      at += 1
    }
    at += 1
    if (plainText && !/[\u0000-\u001f]/.test(text.slice(start + 1, at - 1))) return text.slice(start + 1, at - 1)
    try {
      return JSON.parse(text.slice(start, at)) as string
    } catch {
      at = start
      return fail('not a JSON string')
    }
  }
  function readNumber(): unknown {
    const start = at
    while (/[-+.0-9a-zA-Z]/.test(text[at] ?? '')) at += 1
    const source = text.slice(start, at)
    if (source === 'true') return true
    if (source === 'false') return false
    if (source === 'null') return null
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(source)) {
      at = start
      return fail('expected a JSON value')
    }
    const value = Number(source)
    return String(value) === source ? value : new NumberText(value, source)
  }

  /** Reads one value. */
  function readValue(depth: number): unknown {
    if (depth > MAX_DEPTH) fail(`nested more than ${MAX_DEPTH} levels deep`)
    skipSpace()
    const character = text[at]
    if (character === '{') {
      const made = emptyObject()
      at += 1
      skipSpace()
      if (text[at] === '}') {
        at += 1
        return made
      }
      for (;;) {
        skipSpace()
        const key = readString()
        expect(':')
        made[key] = readValue(depth + 1)
        skipSpace()
        if (text[at] === ',') at += 1
        else {
          expect('}')
          return made
        }
      }
    }
    if (character === '[') {
      const made: unknown[] = []
      at += 1
      skipSpace()
      if (text[at] === ']') {
        at += 1
        return made
      }
      for (;;) {
        made.push(readValue(depth + 1))
        skipSpace()
        if (text[at] === ',') at += 1
        else {
          expect(']')
          return made
        }
      }
    }
    if (character === '"') return readString()
    return readNumber()
  }

  /** Reads one value as the places of its members. */
  function readPlaces(): Places {
    skipSpace()
    const places: Places = { offset: at, members: undefined }
    const isList = text[at] === '['
    if (!isList && text[at] !== '{') {
      if (text[at] === '"') readString()
      else readNumber()
      return places
    }
    at += 1
    places.members = new Map()
    for (let index = 0; ; index += 1) {
      skipSpace()
      if (text[at] === ']' || text[at] === '}' || at >= text.length) break
      const key = at
      const name = isList ? String(index) : readString()
      if (!isList) expect(':')
      places.members.set(name, { key, places: readPlaces() })
      skipSpace()
      if (text[at] === ',') at += 1
    }
    at += 1
    return places
  }
  let root: Places | undefined

  return {
    parse(): unknown {
      at = 0
      const value = readValue(0)
      skipSpace()
      if (at < text.length) fail('text after the end of the JSON value')
      return value
    },
    find(path: Path, wantKey: boolean): Position {
      if (root === undefined) {
        at = 0
        root = readPlaces()
      }
      let { offset } = root
      let places: Places | undefined = root
      for (const [index, name] of path.entries()) {
        const found: { key: number; places: Places } | undefined = places?.members?.get(String(name))
        if (found === undefined) break
        places = found.places
        offset = wantKey && index === path.length - 1 ? found.key : places.offset
      }
      return positionAt(offset)
    },
  }
}

/** Where a value begins, and its members with their keys; of a repeated key, the last. */
interface Places {
  offset: number
  members: Map<string, { key: number; places: Places }> | undefined
}
