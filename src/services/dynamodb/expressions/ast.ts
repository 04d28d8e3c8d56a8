/** One step of a document path as written: an attribute's name, a `#placeholder` for one, or a list index. */
export type PathStep = { name: string } | { placeholder: string } | number

export type Operand =
  | { type: 'path'; steps: PathStep[] }
  | { type: 'value'; placeholder: string }
  | { type: 'function'; name: string; args: Operand[] }

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='

export type ConditionNode =
  | { type: 'and' | 'or'; left: ConditionNode; right: ConditionNode }
  | { type: 'not'; condition: ConditionNode }
  | { type: 'compare'; comparator: Comparator; left: Operand; right: Operand }
  | { type: 'between'; operand: Operand; lower: Operand; upper: Operand }
  | { type: 'in'; operand: Operand; list: Operand[] }
  | { type: 'call'; call: Operand & { type: 'function' } }

export interface ConditionAst {
  node: ConditionNode
  /** Parentheses directly around parentheses, which DynamoDB refuses. */
  redundantParentheses: boolean
  /** Operators and functions, of which DynamoDB allows a limited number. */
  operators: number
}

/** What a SET assigns. */
export type SetValue = Operand | { type: '+' | '-'; left: Operand; right: Operand }

export type UpdateAction =
  | { type: 'SET'; path: PathStep[]; value: SetValue }
  | { type: 'REMOVE'; path: PathStep[] }
  | { type: 'ADD' | 'DELETE'; path: PathStep[]; value: Operand }

export interface UpdateAst {
  actions: UpdateAction[]
  /** The first section that is there twice. */
  repeatedSection: string | undefined
  operators: number
}

export interface ProjectionAst {
  paths: PathStep[][]
}
