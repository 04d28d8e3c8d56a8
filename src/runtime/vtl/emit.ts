import type { UtilFunction, UtilTable } from '../util/environment.ts'
import { extensions, vtlUtil } from '../util/index.ts'
import { BigNumber, FloatNumber } from '../util/values.ts'
import type { ParsedTemplate } from './parse.ts'
import { MAX_FOREACH_ITERATIONS, runtime, selectorOf, type VtlRun, type VtlRuntime } from './runtime.ts'
import type { BinaryOperator, Block, Expression, Reference, Statement } from './syntax.ts'
import { syntaxError } from './syntaxError.ts'
import { Namespace, type VtlValue } from './values.ts'

/** A template as JavaScript: renders one run. */
export type Render = (run: VtlRun, context: VtlValue) => string

/**
 * Emits a template as JavaScript. All that comes from the template is in the program as a string or number literal
 * (`JSON.stringify`) or as an index; names are ours (`v0`, `m1`, `p2`), so the program can name nothing but the runtime.
 * `functions` is the runtime; tests give one that watches what it hands out.
 */
export function emitTemplate(
  template: ParsedTemplate,
  text: string,
  name: string,
  functions: VtlRuntime = runtime,
): Render {
  const emitter = new Emitter(text, name)
  const source = emitter.program(template.body)
  const make = new Function('R', 'K', source) as (r: typeof runtime, k: readonly unknown[]) => Render
  return make(functions, emitter.constants)
}

interface Scope {
  /** Macro parameters and what they are called in the program. */
  parameters: ReadonlyMap<string, string>
  /** How `#break` leaves: out of a loop, or out of the function. */
  isInLoop: boolean
  /** The function is not the template itself: `#stop` and `#return` must throw. */
  isInner: boolean
  loopVariable: string | undefined
}

/** Names with a meaning of their own, and what they mean as long as the template does not set them. */
const UTIL_NAMES = new Map<string, UtilTable>([
  ['util', vtlUtil],
  ['utils', vtlUtil],
  ['extensions', extensions],
])
const CONTEXT_NAMES = new Set(['ctx', 'context'])

class Emitter {
  readonly constants: unknown[] = []
  private readonly text: string
  private readonly name: string
  private readonly variables = new Map<string, string>()
  private readonly assigned = new Set<string>()
  private readonly macros = new Map<string, { id: string; statement: Extract<Statement, { type: 'macro' }> }>()
  private readonly functions: string[] = []
  private readonly selectors = new Map<string, string>()
  private counter = 0

  constructor(text: string, name: string) {
    this.text = text
    this.name = name
  }

  program(body: Block): string {
    this.collect(body)
    const scope: Scope = { parameters: new Map(), isInLoop: false, isInner: false, loopVariable: undefined }
    for (const [name, { id, statement }] of this.macros) this.functions.push(this.macro(name, id, statement))
    const main = this.whole(body, scope) ?? this.block(body, scope)
    const declared = [...this.variables].map(([name, id]) => (CONTEXT_NAMES.has(name) ? `${id}=c` : id))
    return [
      '"use strict";',
      'return function(r,c){let o="";',
      declared.length > 0 ? `let ${declared.join(',')};` : '',
      ...this.initialNamespaces(),
      ...this.functions,
      main,
      'return o}',
    ].join('')
  }

  /**
   * A template that is nothing but `$util.toJson(…)`, as most response templates are: its value is handed on as it is,
   * to be printed only for those who want the text.
   */
  private whole(body: Block, scope: Scope): string | undefined {
    const printing = body.filter((part) => part.type !== 'text')
    const [only] = printing
    if (printing.length !== 1 || only?.type !== 'reference' || only.backslashes > 0) return undefined
    if (body.some((part) => part.type === 'text' && !/^[ \t\r\n]*$/.test(part.text))) return undefined
    const { name, path, alternate } = only.reference
    const [step] = path
    if ((name !== 'util' && name !== 'utils') || path.length !== 1 || alternate !== undefined) return undefined
    if (step?.type !== 'method' || step.name !== 'toJson' || step.args.length !== 1) return undefined
    const at = body.indexOf(only)
    const around = (parts: Block) =>
      JSON.stringify(parts.map((part) => (part.type === 'text' ? part.text : '')).join(''))
    const value = this.expression(step.args[0] as Expression, scope)
    return `r.whole={before:${around(body.slice(0, at))},value:${value},after:${around(body.slice(at + 1))}};`
  }

  private initialNamespaces(): string[] {
    return [...UTIL_NAMES].flatMap(([name, table]) => {
      const id = this.variables.get(name)
      return id === undefined ? [] : [`${id}=${this.constant(new Namespace(table))};`]
    })
  }

  /** A value that the program cannot write itself. */
  private constant(value: unknown): string {
    const index = this.constants.indexOf(value)
    if (index >= 0) return `K[${index}]`
    this.constants.push(value)
    return `K[${this.constants.length - 1}]`
  }

  private selector(name: string): string {
    let selector = this.selectors.get(name)
    if (selector === undefined) {
      selector = this.constant(selectorOf(name))
      this.selectors.set(name, selector)
    }
    return selector
  }

  private fresh(prefix: string): string {
    return `${prefix}${this.counter++}`
  }

  private variable(name: string, scope: Scope): string {
    const parameter = scope.parameters.get(name)
    if (parameter !== undefined) return parameter
    let id = this.variables.get(name)
    if (id === undefined) {
      id = this.fresh('v')
      this.variables.set(name, id)
    }
    return id
  }

  /** Finds the macros and the variables that are set anywhere, before anything is emitted. */
  private collect(block: Block): void {
    for (const statement of block) {
      switch (statement.type) {
        case 'set':
          if (statement.target.path.length === 0) this.assigned.add(statement.target.name)
          this.collectExpression(statement.value)
          break
        case 'if':
          for (const { condition, body } of statement.branches) {
            this.collectExpression(condition)
            this.collect(body)
          }
          this.collect(statement.otherwise ?? [])
          break
        case 'foreach':
          this.assigned.add(statement.variable)
          this.collectExpression(statement.list)
          this.collect(statement.body)
          this.collect(statement.otherwise ?? [])
          break
        case 'define':
          this.assigned.add(statement.variable)
          this.collect(statement.body)
          break
        case 'macro':
          for (const parameter of statement.parameters) this.assigned.add(parameter)
          if (!this.macros.has(statement.name)) this.macros.set(statement.name, { id: this.fresh('m'), statement })
          this.collect(statement.body)
          break
        case 'call':
          for (const argument of statement.args) this.collectExpression(argument)
          break
        case 'reference':
          this.collectReference(statement.reference)
          break
        case 'return':
          if (statement.value !== undefined) this.collectExpression(statement.value)
          break
        default:
      }
    }
  }

  /** Interpolated texts may have directives. */
  private collectExpression(expression: Expression): void {
    switch (expression.type) {
      case 'interpolated':
        this.collect(expression.body)
        break
      case 'reference':
        this.collectReference(expression.reference)
        break
      case 'list':
        for (const element of expression.elements) this.collectExpression(element)
        break
      case 'map':
        for (const { key, value } of expression.entries) {
          this.collectExpression(key)
          this.collectExpression(value)
        }
        break
      case 'range':
        this.collectExpression(expression.from)
        this.collectExpression(expression.to)
        break
      case 'not':
      case 'minus':
        this.collectExpression(expression.operand)
        break
      case 'binary':
        this.collectExpression(expression.left)
        this.collectExpression(expression.right)
        break
      default:
    }
  }

  private collectReference(reference: Reference): void {
    for (const step of reference.path) {
      if (step.type === 'index') this.collectExpression(step.index)
      else if (step.type === 'method') for (const argument of step.args) this.collectExpression(argument)
    }
    if (reference.alternate !== undefined) this.collectExpression(reference.alternate)
  }

  private block(block: Block, scope: Scope): string {
    if (block.length === 0) return ''
    let code = `if((r.steps-=${block.length})<0)r.stepsSpent();`
    for (const statement of block) code += this.statement(statement, scope)
    return code
  }

  private statement(statement: Statement, scope: Scope): string {
    switch (statement.type) {
      case 'text':
        return `o+=${JSON.stringify(statement.text)};`
      case 'reference':
        return this.printed(statement.reference, statement.backslashes, scope)
      case 'set':
        return this.set(statement.target, statement.value, scope)
      case 'if':
        return this.condition(statement, scope)
      case 'foreach':
        return this.foreach(statement, scope)
      case 'break':
        return scope.isInLoop ? 'break;' : 'return o;'
      case 'stop':
        return scope.isInner ? 'R.halt(r,o);' : 'return o;'
      case 'return': {
        const value = statement.value === undefined ? 'null' : this.expression(statement.value, scope)
        return `r.returned={value:${value}};${scope.isInner ? 'R.halt(r,o);' : 'return o;'}`
      }
      case 'macro':
        return ''
      case 'call':
        return this.call(statement, scope)
      case 'define': {
        const inner: Scope = { ...scope, isInLoop: false, isInner: true }
        const render = `const f=()=>{${this.block(statement.body, inner)}return o};`
        const body = `R.enter(r,"#define");let o="";${render}o=f();R.leave(r);return o`
        return `${this.variable(statement.variable, scope)}=R.define(()=>{${body}});`
      }
    }
  }

  private printed(reference: Reference, backslashes: number, scope: Scope): string {
    const discarded = backslashes === 0 ? this.discarded(reference, scope) : undefined
    if (discarded !== undefined) return discarded
    const value = this.inText(reference, scope)
    const source = JSON.stringify(reference.isQuiet ? '' : reference.source)
    if (backslashes > 0) return `o=R.printEscaped(r,o,${value},${JSON.stringify(reference.source)},${backslashes});`
    return `o=R.print(r,o,${value},${source});`
  }

  /** `$util.qr(…)` prints nothing: its argument is evaluated and dropped. */
  private discarded(reference: Reference, scope: Scope): string | undefined {
    const [step] = reference.path
    if (reference.path.length !== 1 || step?.type !== 'method' || step.args.length !== 1) return undefined
    if ((reference.name !== 'util' && reference.name !== 'utils') || (step.name !== 'qr' && step.name !== 'quiet'))
      return undefined
    if (this.assigned.has(reference.name) || reference.alternate !== undefined) return undefined
    return `${this.expression(step.args[0] as Expression, scope)};`
  }

  private set(target: Reference, value: Expression, scope: Scope): string {
    const last = target.path.at(-1)
    const given = this.expression(value, scope)
    if (last === undefined) return `${this.variable(target.name, scope)}=${given};`
    const base = this.path(target, target.path.length - 1, scope)
    const at = `r.at=${last.at};`
    if (last.type === 'property') return `${at}R.setProperty(r,${base},${JSON.stringify(last.name)},${given});`
    if (last.type === 'index') return `${at}R.setIndex(r,${base},${this.expression(last.index, scope)},${given});`
    throw syntaxError(this.name, this.text, target.at, 'A method cannot be assigned to')
  }

  private condition(statement: Extract<Statement, { type: 'if' }>, scope: Scope): string {
    let code = ''
    for (const { condition, body } of statement.branches) {
      code += `${code === '' ? '' : 'else '}if(${this.truth(condition, scope)}){${this.block(body, scope)}}`
    }
    return statement.otherwise === undefined ? code : `${code}else{${this.block(statement.otherwise, scope)}}`
  }

  private foreach(statement: Extract<Statement, { type: 'foreach' }>, scope: Scope): string {
    const [list, index, before, loop] = [this.fresh('l'), this.fresh('i'), this.fresh('b'), this.fresh('f')]
    const variable = this.variable(statement.variable, scope)
    const parent = scope.loopVariable ?? 'undefined'
    const inner: Scope = { ...scope, isInLoop: true, loopVariable: loop }
    const items =
      statement.list.type === 'range'
        ? `R.rangeItems(r,${this.expression(statement.list.from, scope)},${this.expression(statement.list.to, scope)})`
        : `R.items(r,${this.expression(statement.list, scope)})`
    const otherwise = statement.otherwise === undefined ? '' : `else{${this.block(statement.otherwise, scope)}}`
    return (
      `{const ${list}=${items};if(${list}.length>0){const ${before}=${variable},${loop}=R.loop(${list}.length,${parent});` +
      `for(let ${index}=0;${index}<${list}.length&&${index}<${MAX_FOREACH_ITERATIONS};${index}++){` +
      `if((r.steps-=2)<0)r.stepsSpent();R.bounded(o);${loop}.index=${index};` +
      `${variable}=R.element(${list},${index},r);${this.block(statement.body, inner)}}` +
      `${variable}=${before};}${otherwise}}`
    )
  }

  private macro(name: string, id: string, statement: Extract<Statement, { type: 'macro' }>): string {
    const parameters = new Map(statement.parameters.map((parameter) => [parameter, this.fresh('p')]))
    const scope: Scope = { parameters, isInLoop: false, isInner: true, loopVariable: undefined }
    // A `#break` in a macro returns from this inner function, so that the depth is counted down in any case.
    const body = `const f=()=>{${this.block(statement.body, scope)}return o};`
    return (
      `const ${id}=(${[...parameters.values()].join(',')})=>{R.enter(r,${JSON.stringify(name)});let o="";` +
      `${body}o=f();R.bounded(o);R.leave(r);return o};`
    )
  }

  private call(statement: Extract<Statement, { type: 'call' }>, scope: Scope): string {
    const macro = this.macros.get(statement.name)
    if (macro === undefined) return `o+=${JSON.stringify(statement.source)};`
    const args = statement.args.map((argument) => this.expression(argument, scope))
    return `r.outer.push(o);o=R.print(r,o,${macro.id}(${args.join(',')}),"");r.outer.pop();`
  }

  private truth(expression: Expression, scope: Scope): string {
    switch (expression.type) {
      case 'boolean':
        return String(expression.value)
      case 'not':
        return `!${this.truth(expression.operand, scope)}`
      case 'binary':
        if (isBoolean(expression.operator)) return this.binary(expression, scope)
        break
      default:
    }
    return `R.truth(${this.expression(expression, scope)})`
  }

  private expression(expression: Expression, scope: Scope): string {
    switch (expression.type) {
      case 'reference':
        return this.reference(expression.reference, scope)
      case 'text':
        return JSON.stringify(expression.value)
      case 'interpolated':
        return this.interpolated(expression.body, scope)
      case 'integer':
        return this.integer(expression.text)
      case 'float':
        return this.float(expression.text)
      case 'boolean':
        return String(expression.value)
      case 'null':
        return 'null'
      case 'list':
        return `R.list(r,[${expression.elements.map((element) => this.expression(element, scope)).join(',')}])`
      case 'range':
        return `R.range(r,${this.expression(expression.from, scope)},${this.expression(expression.to, scope)})`
      case 'map': {
        const parts = expression.entries.flatMap(({ key, value }) => [
          this.expression(key, scope),
          this.expression(value, scope),
        ])
        return `R.map(r,[${parts.join(',')}])`
      }
      case 'not':
        return `!${this.truth(expression.operand, scope)}`
      case 'minus':
        return `R.negate(r,${this.expression(expression.operand, scope)})`
      case 'binary':
        return this.binary(expression, scope)
    }
  }

  private integer(text: string): string {
    const value = BigInt(text)
    const number = Number(value)
    return Number.isSafeInteger(number) ? `(${number})` : this.constant(new BigNumber(value))
  }

  private float(text: string): string {
    const value = Number(text)
    if (!Number.isInteger(value)) return Number.isFinite(value) ? `(${value})` : this.constant(value)
    return this.constant(new FloatNumber(value))
  }

  private interpolated(body: Block, scope: Scope): string {
    const isPlain = body.every((part) => part.type === 'text' || (part.type === 'reference' && part.backslashes === 0))
    if (isPlain) {
      const parts = body.map((part) => {
        if (part.type !== 'reference') return JSON.stringify(part.type === 'text' ? part.text : '')
        const source = JSON.stringify(part.reference.isQuiet ? '' : part.reference.source)
        return `R.show(r,${this.inText(part.reference, scope)},${source})`
      })
      return `R.made(r,${parts.join('+')})`
    }
    const inner: Scope = { ...scope, isInLoop: false, isInner: true }
    return `R.made(r,((o)=>{${this.block(body, inner)}return o})(""))`
  }

  /** A reference that is printed. */
  private inText(reference: Reference, scope: Scope): string {
    const value = this.reference(reference, scope)
    const { shorter } = reference
    if (shorter === undefined) return value
    const head: Reference = { ...reference, name: shorter.name, path: shorter.path }
    return `(${value}??R.suffixed(r,${this.path(head, head.path.length, scope)},${JSON.stringify(shorter.rest)}))`
  }

  private reference(reference: Reference, scope: Scope): string {
    const value = this.path(reference, reference.path.length, scope)
    if (reference.alternate === undefined) return value
    return `(${value}??${this.expression(reference.alternate, scope)})`
  }

  /** The value of the first `length` steps of a reference. */
  private path(reference: Reference, length: number, scope: Scope): string {
    const [known, taken] = this.utility(reference, length, scope)
    let code = known ?? this.root(reference, scope)
    for (const step of reference.path.slice(taken, length)) {
      if (step.type === 'property') code = `R.property(r,${code},${JSON.stringify(step.name)})`
      else if (step.type === 'index') code = `R.index(r,${code},${this.expression(step.index, scope)})`
      else {
        const args = step.args.map((argument) => this.expression(argument, scope))
        code = `R.call(r,${code},${this.selector(step.name)},[${args.join(',')}],${step.at})`
      }
    }
    return code
  }

  private root(reference: Reference, scope: Scope): string {
    if (!scope.parameters.has(reference.name) && !this.assigned.has(reference.name)) {
      if (CONTEXT_NAMES.has(reference.name)) return 'c'
      const loop = scope.loopVariable
      if (reference.name === 'foreach') return loop ?? 'undefined'
      if (loop !== undefined && reference.name === 'velocityCount') return `(${loop}.index+1)`
      if (loop !== undefined && reference.name === 'velocityHasNext') return `R.property(r,${loop},"hasNext")`
    }
    return this.variable(reference.name, scope)
  }

  /** `$util.time.nowISO8601()` as a direct call, when the template does not set `$util`; and how many steps that takes. */
  private utility(reference: Reference, length: number, scope: Scope): [code: string | undefined, steps: number] {
    let table = UTIL_NAMES.get(reference.name)
    if (table === undefined || this.assigned.has(reference.name) || scope.parameters.has(reference.name))
      return [undefined, 0]
    for (let index = 0; index < length; index++) {
      const step = reference.path[index]
      if (step === undefined || step.type === 'index') return [undefined, 0]
      const found: UtilFunction | UtilTable | undefined = table[step.name]
      if (step.type === 'method') {
        if (typeof found !== 'function') return [undefined, 0]
        const args = step.args.map((argument) => this.expression(argument, scope))
        return [`R.util(r,${this.constant(found)},[${args.join(',')}],${step.at})`, index + 1]
      }
      if (typeof found !== 'object') return [undefined, 0]
      table = found
    }
    return [undefined, 0]
  }

  private binary({ operator, left, right, at }: Extract<Expression, { type: 'binary' }>, scope: Scope): string {
    if (operator === '||' || operator === '&&')
      return `(${this.truth(left, scope)}${operator}${this.truth(right, scope)})`
    const [a, b] = [this.expression(left, scope), this.expression(right, scope)]
    switch (operator) {
      case '==':
        return `R.equal(r,${a},${b})`
      case '!=':
        return `!R.equal(r,${a},${b})`
      case '<':
      case '<=':
      case '>':
      case '>=':
        // Comparing undefined with a number is false.
        return `(R.compare(r,${a},${b})${operator}0)`
      case '+':
        return `R.add(r,${a},${b},${this.source(left)},${this.source(right)})`
      case '-':
        return `R.subtract(r,${a},${b})`
      case '*':
        return `R.multiply(r,${a},${b})`
      case '/':
        return `R.divide(r,${a},${b})`
      case '%':
        return `R.remainder(r,${a},${b})`
      default:
        throw syntaxError(this.name, this.text, at, `Unknown operator ${String(operator)}`)
    }
  }

  /** What `+` with a string prints for null: the reference as written. */
  private source(expression: Expression): string {
    return JSON.stringify(expression.type === 'reference' ? expression.reference.source : 'null')
  }
}

function isBoolean(operator: BinaryOperator): boolean {
  return !['+', '-', '*', '/', '%'].includes(operator)
}
