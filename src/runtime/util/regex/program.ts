import { type AssertKind, type CharTest, type Node, PatternSyntaxError } from './parse.ts'

/** One step of a compiled pattern. */
export type Instruction =
  | { op: 'set'; test: CharTest; ascii: Uint8Array }
  /** Goes on at `first`; when that fails, at `second`. */
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; slot: number }
  | { op: 'assert'; kind: AssertKind }
  | { op: 'look'; program: Program; behind: boolean; negative: boolean; min: number; max: number }
  | { op: 'atomic'; program: Program }
  | { op: 'match' }

export type Program = readonly Instruction[]

const MAX_INSTRUCTIONS = 20_000

/** The instructions of a parsed pattern. Counted repetitions are written out; a pattern that gets too large is refused. */
export function compileProgram(node: Node, pattern: string): Program {
  return new Compiler(pattern, { left: MAX_INSTRUCTIONS }).compile(node)
}

class Compiler {
  private readonly pattern: string
  private readonly room: { left: number }
  private readonly code: Instruction[] = []

  constructor(pattern: string, room: { left: number }) {
    this.pattern = pattern
    this.room = room
  }

  compile(node: Node): Program {
    this.emit(node)
    this.add({ op: 'match' })
    return this.code
  }

  private add(instruction: Instruction): number {
    if (--this.room.left < 0) throw new PatternSyntaxError('Pattern too large', this.pattern, this.pattern.length)
    return this.code.push(instruction) - 1
  }

  private emit(node: Node): void {
    switch (node.type) {
      case 'set':
        this.add({ op: 'set', test: node.test, ascii: asciiTable(node.test) })
        return
      case 'cat':
        for (const part of node.parts) this.emit(part)
        return
      case 'alt':
        this.alternatives(node.options)
        return
      case 'group':
        this.add({ op: 'save', slot: node.index * 2 })
        this.emit(node.node)
        this.add({ op: 'save', slot: node.index * 2 + 1 })
        return
      case 'assert':
        this.add({ op: 'assert', kind: node.kind })
        return
      case 'atomic':
        this.add({ op: 'atomic', program: this.inner(node.node) })
        return
      case 'look': {
        const [min, max] = node.behind ? lengths(node.node) : [0, 0]
        if (max === Number.POSITIVE_INFINITY) {
          throw new PatternSyntaxError(
            'Look-behind group does not have an obvious maximum length',
            this.pattern,
            this.pattern.length - 1,
          )
        }
        this.add({ op: 'look', program: this.inner(node.node), behind: node.behind, negative: node.negative, min, max })
        return
      }
      case 'repeat':
        if (node.mode === 'possessive') this.add({ op: 'atomic', program: this.inner({ ...node, mode: 'greedy' }) })
        else this.repeat(node.node, node.min, node.max, node.mode === 'greedy')
    }
  }

  private inner(node: Node): Program {
    return new Compiler(this.pattern, this.room).compile(node)
  }

  private alternatives(options: Node[]): void {
    const ends: { op: 'jump'; to: number }[] = []
    options.forEach((option, index) => {
      if (index === options.length - 1) {
        this.emit(option)
        return
      }
      const split = { op: 'split' as const, first: this.code.length + 1, second: 0 }
      this.add(split)
      this.emit(option)
      const end = { op: 'jump' as const, to: 0 }
      ends.push(end)
      this.add(end)
      split.second = this.code.length
    })
    for (const end of ends) end.to = this.code.length
  }

  private repeat(node: Node, min: number, max: number, isGreedy: boolean): void {
    for (let count = 0; count < min; count++) this.emit(node)
    if (max === Number.POSITIVE_INFINITY) {
      const split = { op: 'split' as const, first: 0, second: 0 }
      const at = this.add(split)
      this.emit(node)
      this.add({ op: 'jump', to: at })
      this.aim(split, at + 1, this.code.length, isGreedy)
      return
    }
    const splits: { op: 'split'; first: number; second: number }[] = []
    const bodies: number[] = []
    for (let count = min; count < max; count++) {
      const split = { op: 'split' as const, first: 0, second: 0 }
      bodies.push(this.add(split) + 1)
      splits.push(split)
      this.emit(node)
    }
    splits.forEach((split, index) => {
      this.aim(split, bodies[index] as number, this.code.length, isGreedy)
    })
  }

  private aim(split: { first: number; second: number }, body: number, end: number, isGreedy: boolean): void {
    split.first = isGreedy ? body : end
    split.second = isGreedy ? end : body
  }
}

function asciiTable(test: CharTest): Uint8Array {
  const table = new Uint8Array(128)
  for (let code = 0; code < 128; code++) if (test(code)) table[code] = 1
  return table
}

/** The least and greatest number of UTF-16 units that a node can match. */
function lengths(node: Node): [number, number] {
  switch (node.type) {
    case 'set':
      return [1, 2]
    case 'cat':
      return node.parts.map(lengths).reduce(([min, max], [a, b]) => [min + a, max + b], [0, 0])
    case 'alt': {
      const all = node.options.map(lengths)
      return [Math.min(...all.map(([min]) => min)), Math.max(...all.map(([, max]) => max))]
    }
    case 'repeat': {
      const [min, max] = lengths(node.node)
      return [min * node.min, max === 0 ? 0 : max * node.max]
    }
    case 'group':
    case 'atomic':
      return lengths(node.node)
    case 'look':
    case 'assert':
      return [0, 0]
  }
}
