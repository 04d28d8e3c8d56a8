/** A DateTimeFormatter pattern, parsed: letters in runs, literal texts, optional parts. */
export type Element =
  | { type: 'letter'; letter: string; count: number }
  | { type: 'literal'; text: string }
  | { type: 'optional'; elements: Element[] }
  | { type: 'pad'; width: number; element: Element }

/** A pattern that java.time refuses, worded as its IllegalArgumentException. */
export class PatternError extends Error {}

/** How many of a letter there may be. */
const MAX_COUNT: Record<string, number> = {
  G: 5,
  u: 19,
  y: 19,
  Y: 19,
  D: 3,
  M: 5,
  L: 5,
  d: 2,
  Q: 5,
  q: 5,
  w: 2,
  W: 1,
  E: 5,
  e: 5,
  c: 5,
  F: 1,
  a: 1,
  h: 2,
  K: 2,
  k: 2,
  H: 2,
  m: 2,
  s: 2,
  S: 9,
  A: 19,
  n: 19,
  N: 19,
  V: 2,
  v: 4,
  z: 4,
  O: 4,
  X: 5,
  x: 5,
  Z: 5,
}

const cache = new Map<string, Element[]>()
const CACHED_PATTERNS = 500
const MAX_LENGTH = 1_000

export function parsePattern(pattern: string): Element[] {
  const known = cache.get(pattern)
  if (known !== undefined) return known
  if (pattern.length > MAX_LENGTH) throw new PatternError(`Pattern of more than ${MAX_LENGTH} characters`)
  const elements = parse(pattern)
  if (cache.size >= CACHED_PATTERNS) cache.delete(cache.keys().next().value as string)
  cache.set(pattern, elements)
  return elements
}

function parse(pattern: string): Element[] {
  const open: Element[][] = [[]]
  let pad: number | undefined
  let position = 0
  const push = (element: Element) => {
    const into = open.at(-1) as Element[]
    into.push(pad === undefined ? element : { type: 'pad', width: pad, element })
    pad = undefined
  }
  while (position < pattern.length) {
    const character = pattern[position] as string
    if (/[A-Za-z]/.test(character)) {
      const start = position
      while (pattern[position] === character) position++
      const count = position - start
      if (character === 'p') {
        if (pad !== undefined || position === pattern.length || !/[A-Za-z]/.test(pattern[position] as string)) {
          throw new PatternError(`Pad letter 'p' must be followed by valid pad pattern: ${pattern}`)
        }
        pad = count
        continue
      }
      const max = Object.hasOwn(MAX_COUNT, character) ? (MAX_COUNT[character] as number) : 0
      if (max === 0) throw new PatternError(`Unknown pattern letter: ${character}`)
      if (character === 'V' && count !== 2) throw new PatternError(`Pattern letter count must be 2: V`)
      if (count > max || ((character === 'v' || character === 'O') && count !== 1 && count !== 4)) {
        throw new PatternError(`Too many pattern letters: ${character}`)
      }
      push({ type: 'letter', letter: character, count })
    } else if (character === "'") {
      const [text, next] = quoted(pattern, position)
      position = next
      push({ type: 'literal', text })
    } else if (character === '[') {
      position++
      open.push([])
    } else if (character === ']') {
      position++
      const elements = open.pop() as Element[]
      if (open.length === 0) throw new PatternError('Pattern invalid as it contains ] without previous [')
      push({ type: 'optional', elements })
    } else if (character === '{' || character === '}' || character === '#') {
      throw new PatternError(`Pattern includes reserved character: '${character}'`)
    } else {
      position++
      push({ type: 'literal', text: character })
    }
  }
  // An optional part that is not closed ends with the pattern.
  while (open.length > 1) {
    const elements = open.pop() as Element[]
    open.at(-1)?.push({ type: 'optional', elements })
  }
  return open[0] as Element[]
}

function quoted(pattern: string, start: number): [text: string, next: number] {
  let text = ''
  for (let position = start + 1; position < pattern.length; position++) {
    if (pattern[position] !== "'") text += pattern[position]
    else if (pattern[position + 1] === "'") {
      text += "'"
      position++
    } else return [text === '' ? "'" : text, position + 1]
  }
  throw new PatternError(`Pattern ends with an incomplete string literal: ${pattern}`)
}
