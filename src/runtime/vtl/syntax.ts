/** A template as tree. Offsets (`at`) count UTF-16 units from the beginning of the text. */
export type Block = readonly Statement[]

export type Statement =
  | { type: 'text'; text: string }
  | { type: 'reference'; reference: Reference; backslashes: number }
  | { type: 'set'; target: Reference; value: Expression; at: number }
  | { type: 'if'; branches: readonly { condition: Expression; body: Block }[]; otherwise: Block | undefined }
  | { type: 'foreach'; variable: string; list: Expression; body: Block; otherwise: Block | undefined; at: number }
  | { type: 'break' }
  | { type: 'stop' }
  | { type: 'return'; value: Expression | undefined }
  | { type: 'macro'; name: string; parameters: readonly string[]; body: Block }
  | { type: 'call'; name: string; args: readonly Expression[]; source: string; at: number }
  | { type: 'define'; variable: string; body: Block }

export interface Reference {
  name: string
  path: readonly Step[]
  /** `$!name`: nothing is printed for null. */
  isQuiet: boolean
  /** `${name|'value'}`: used for null. */
  alternate: Expression | undefined
  /** As written; printed when the value is null. */
  source: string
  at: number
  /**
   * In text, where a hyphen may be the end of a name (`$type-report`): the reference up to the hyphen, and what follows.
   * Used when nothing is called by the whole name.
   */
  shorter?: { name: string; path: readonly Step[]; rest: string }
}

export type Step =
  | { type: 'property'; name: string; at: number }
  | { type: 'index'; index: Expression; at: number }
  | { type: 'method'; name: string; args: readonly Expression[]; at: number }

export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%'

export type Expression =
  | { type: 'reference'; reference: Reference }
  | { type: 'text'; value: string }
  | { type: 'interpolated'; body: Block }
  | { type: 'integer'; text: string }
  | { type: 'float'; text: string }
  | { type: 'boolean'; value: boolean }
  | { type: 'null' }
  | { type: 'list'; elements: readonly Expression[] }
  | { type: 'range'; from: Expression; to: Expression }
  | { type: 'map'; entries: readonly { key: Expression; value: Expression }[] }
  | { type: 'not'; operand: Expression }
  | { type: 'minus'; operand: Expression }
  | { type: 'binary'; operator: BinaryOperator; left: Expression; right: Expression; at: number }
