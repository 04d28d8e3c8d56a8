import { createHash } from 'node:crypto'
import type { AnyNode } from 'acorn'
import {
  type CodeProblem,
  type CompiledStep,
  type Outcome,
  type ResolverContext,
  type ResolverError,
  ResolverSyntaxError,
} from '../context.ts'
import { BudgetSpent } from '../emit/budget.ts'
import { EmptyMap, fromHost, newMap } from '../emit/fromHost.ts'
import type { RunOptions } from '../emit/run.ts'
import { runSliced } from '../emit/runSliced.ts'
import { toPlain } from '../emit/toPlain.ts'
import { UtilError } from '../util/environment.ts'
import { checkLanguage, exportedHandlers } from './check.ts'
import { toKey, toText } from './coerce.ts'
import { contextMembers } from './contextMembers.ts'
import { isKnownModule, resolveHostName } from './hostValues.ts'
import { JsRun } from './jsRun.ts'
import { callComputed, callMethod, hasMethod } from './methods/callMethod.ts'
import { type Names, resolveNames } from './names.ts'
import * as operators from './operators.ts'
import { CODE_ERROR_MESSAGE, parseCode, problem, typeScriptProblem } from './parse.ts'
import { emitProgram, OPERATOR_NAMES } from './program/emitProgram.ts'
import type { Inspection } from './program/state.ts'
import { EarlyReturn, ProgramError } from './programError.ts'
import { SourceText } from './sourceText.ts'

/** The handlers that a program exports. A missing one is undefined: whoever needs it reports it. */
export interface CompiledCode {
  request?: CompiledStep
  response?: CompiledStep
}

export interface CompileOptions extends RunOptions {
  /** For the tests that watch the emitter. */
  inspection?: Inspection
}

type Handler = (context: unknown) => unknown
type Instance = { request?: Handler; response?: Handler }
type Factory = (run: JsRun) => Instance

/** A program after compilation, by the digest of its text; the oldest goes when it is full. */
const cache = new Map<string, Program>()
const MAX_CACHED = 2_000

interface Program {
  text: SourceText
  instantiate: Factory
  /** The exported handlers, and the members of `ctx` that each can reach (all when undefined). */
  handlers: ReadonlyMap<string, ReadonlySet<string> | undefined>
  ownErrors: ReadonlySet<number>
}

export type HandlerName = 'request' | 'response'

/**
 * Compiles the code of a resolver or function of runtime APPSYNC_JS 1.0.0 (one module: bundle relative imports first).
 * Compiled once per text.
 *
 * @throws {ResolverSyntaxError} when the service would refuse the code; every problem with its place.
 */
export function compileCode(code: string, options: CompileOptions = {}): CompiledCode {
  const program = programOf(code, options.inspection)
  const compiled: CompiledCode = {}
  if (program.handlers.has('request')) compiled.request = step(program, 'request', options)
  if (program.handlers.has('response')) compiled.response = step(program, 'response', options)
  return compiled
}

/** Runs one handler to its end on this thread: what the worker does, with the full number of steps. */
export function runHandler(code: string, handler: HandlerName, context: ResolverContext, steps: number): Outcome {
  try {
    return evaluate(programOf(code, undefined), handler, context, {}, steps)
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error
    return {
      type: 'error',
      error: { message: error.message, errorType: 'Code' },
      stash: context.stash,
      appendedErrors: [],
      logs: [],
      effects: {},
    }
  }
}

function step(program: Program, handler: HandlerName, options: RunOptions): CompiledStep {
  const unit = { language: 'js' as const, source: program.text.code, part: handler }
  return {
    run: (context) => runSliced(unit, context, (steps) => evaluate(program, handler, context, options, steps)),
  }
}

function programOf(code: string, inspection: Inspection | undefined): Program {
  if (inspection !== undefined) return compileProgram(code, inspection)
  const digest = createHash('sha256').update(code).digest('base64')
  const known = cache.get(digest)
  if (known !== undefined) return known
  const program = compileProgram(code, {})
  const oldest = cache.keys().next()
  if (cache.size >= MAX_CACHED && oldest.done !== true) cache.delete(oldest.value)
  cache.set(digest, program)
  return program
}

const operatorFunctions: Readonly<Record<string, unknown>> = {
  ...operators,
  toKey,
  toText,
  callMethod,
  callComputed,
  hasMethod,
  EmptyMap,
}

function compileProgram(code: string, inspection: Inspection): Program {
  const text = new SourceText(code)
  const tree = parseCode(text)
  try {
    const names = resolveNames(tree)
    const problems: CodeProblem[] = checkLanguage(tree, names, text)
    const report = (number: number, message: string, node: AnyNode, errorType?: string): void => {
      problems.push(
        number === 0
          ? problem(text, errorType ?? 'LINT_ERROR', message, node.start, node.end)
          : typeScriptProblem(text, 'PARSE_ERROR', number, message, node.start, node.end),
      )
    }
    checkImports(tree.body, names, report)
    const handlers = exportedHandlers(tree, names)
    const emitted = emitProgram(tree, names, handlers, report, inspection)
    if (problems.length > 0) throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, inOrder(problems))
    const parameters = Object.keys(OPERATOR_NAMES)
    const values = Object.values(OPERATOR_NAMES).map((name) => operatorFunctions[name])
    // The only place where text becomes code: all of it is made by the emitter from a parsed and checked program.
    const make = new Function(...parameters, 'h', '$see', '$own', emitted.code) as (...args: unknown[]) => Factory
    const instantiate = make(...values, emitted.hostFunctions, passing(inspection.see), passing(inspection.own))
    const reached = new Map([...handlers].map(([name, binding]) => [name, contextMembers(binding, names)] as const))
    return { text, instantiate, handlers: reached, ownErrors: emitted.ownErrors }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, [
      problem(text, 'PARSE_ERROR', 'The code is nested too deeply.', 0, 0),
    ])
  }
}

/** Shows a value and hands it on. */
function passing(watch: ((value: unknown) => void) | undefined): ((value: unknown) => unknown) | undefined {
  if (watch === undefined) return undefined
  return (value) => {
    watch(value)
    return value
  }
}

/** In the order of the text; one problem per place and text. */
function inOrder(problems: readonly CodeProblem[]): CodeProblem[] {
  const distinct = new Map(
    problems.map((each) => [`${each.location.line}:${each.location.column}:${each.value}`, each]),
  )
  return [...distinct.values()].sort(
    (a, b) => a.location.line - b.location.line || a.location.column - b.location.column,
  )
}

function checkImports(
  body: readonly AnyNode[],
  names: Names,
  report: (number: number, message: string, node: AnyNode) => void,
): void {
  for (const node of body) {
    if (node.type === 'ExportNamedDeclaration' && node.source) {
      report(
        2307,
        `Cannot find module '${String(node.source.value)}' or its corresponding type declarations.`,
        node.source,
      )
    }
    if (node.type !== 'ImportDeclaration') continue
    const module = String(node.source.value)
    if (!isKnownModule(module)) {
      report(2307, `Cannot find module '${module}' or its corresponding type declarations.`, node.source)
      continue
    }
    for (const specifier of node.specifiers) {
      if (specifier.type === 'ImportNamespaceSpecifier') continue
      const name =
        specifier.type === 'ImportDefaultSpecifier'
          ? 'default'
          : specifier.imported.type === 'Identifier'
            ? specifier.imported.name
            : String(specifier.imported.value)
      // A type that is imported by a script and only named in its comments.
      const isType = /^[A-Z]/.test(name) && names.bindingOf(specifier.local)?.references.length === 0
      if (resolveHostName(module, name) === undefined && !isType) {
        report(2305, `Module '"${module}"' has no exported member '${name}'.`, specifier)
      }
    }
  }
}

type Ending =
  | { type: 'value'; value: unknown }
  | { type: 'earlyReturn'; value: unknown; skipTo: 'NEXT' | 'END' | undefined }
  | { type: 'error'; error: ResolverError }

function evaluate(
  program: Program,
  handler: HandlerName,
  context: ResolverContext,
  options: RunOptions,
  steps: number,
): Outcome {
  const run = new JsRun(program.text, context, options, steps)
  let stash: unknown
  const finish = (ending: Ending): Outcome => ({
    ...ending,
    stash: context.stash,
    appendedErrors: run.appendedErrors,
    logs: run.logs,
    effects: run.effects,
  })
  try {
    const visible = programContext(context, program.handlers.get(handler))
    stash = visible['stash']
    const instance = program.instantiate(run)
    const value = toPlain(instance[handler]?.(visible), run) ?? null
    return withStash(finish({ type: 'value', value }), stash, run)
  } catch (error) {
    if (error instanceof EarlyReturn) {
      try {
        const value = toPlain(error.value, run) ?? null
        return withStash(finish({ type: 'earlyReturn', value, skipTo: error.skipTo }), stash, run)
      } catch (failure) {
        return finish({ type: 'error', error: failureOf(failure, run, program) })
      }
    }
    return finish({ type: 'error', error: failureOf(error, run, program) })
  }
}

/** The stash as the program left it; as it was given when the program cannot have seen it. */
function withStash(outcome: Outcome, stash: unknown, run: JsRun): Outcome {
  if (stash !== undefined) outcome.stash = toPlain(stash, run) as Record<string, unknown>
  return outcome
}

/** `ctx` as the program sees it: copies of its own, without anything of the host, of the members that it can reach. */
function programContext(context: ResolverContext, reached: ReadonlySet<string> | undefined): Record<string, unknown> {
  const visible = newMap()
  const source = context as unknown as Record<string, unknown>
  for (const key in source) {
    if ((reached === undefined || reached.has(key)) && Object.hasOwn(source, key)) visible[key] = fromHost(source[key])
  }
  if (reached === undefined || reached.has('args') || reached.has('arguments')) {
    const args = visible['arguments'] ?? fromHost(context.arguments ?? {})
    visible['arguments'] = args
    visible['args'] = args
  }
  if (reached === undefined || reached.has('stash')) visible['stash'] ??= newMap()
  if (reached === undefined || reached.has('outErrors')) visible['outErrors'] ??= []
  return visible
}

/** What was thrown, as the field's error. A spent slice is not a failure: the run goes on in the worker. */
function failureOf(error: unknown, run: JsRun, program: Program): ResolverError {
  if (error instanceof BudgetSpent) {
    if (error.reason === 'steps') throw error
    return { message: `${run.place}: ${error.message}`, errorType: 'Code' }
  }
  if (error instanceof UtilError) {
    if (program.ownErrors.has(run.at)) return error.detail
    return { ...error.detail, message: `${run.place}: ${error.message}`, errorType: 'Code' }
  }
  if (error instanceof ProgramError) {
    return { message: `${run.place}: ${error.kind}: ${error.message}`, errorType: 'Code' }
  }
  if (error instanceof RangeError) {
    return { message: `${run.place}: RangeError: Maximum call stack size exceeded`, errorType: 'Code' }
  }
  if (error instanceof ReferenceError) {
    return { message: `${run.place}: ReferenceError: A variable is used before it is initialized`, errorType: 'Code' }
  }
  return { message: `${run.place}: The code could not be evaluated`, errorType: 'Code' }
}
