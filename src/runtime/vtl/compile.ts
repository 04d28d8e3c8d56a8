import {
  type CompiledStep,
  type Outcome,
  type ResolverContext,
  type ResolverError,
  ResolverSyntaxError,
} from '../context.ts'
import { BudgetSpent } from '../emit/budget.ts'
import type { RunOptions } from '../emit/run.ts'
import { runSliced } from '../emit/runSliced.ts'
import { UtilError } from '../util/environment.ts'
import { jsonText, plainCopy } from '../util/values.ts'
import { contextMap } from './context.ts'
import { emitTemplate, type Render } from './emit.ts'
import { JsonError, jsonValue, OutputError, parseLenient, parseRequest, parseResponse } from './output.ts'
import { parseTemplate } from './parse.ts'
import { Halt, runtime, VtlRun } from './runtime.ts'
import { syntaxError } from './syntaxError.ts'
import { VtlError, type VtlValue } from './values.ts'

/** Of a request or response mapping template (AppSync quota). */
export const MAX_TEMPLATE_SIZE = 64 * 1024

/** What the service calls every template in the place of an error. */
export const TEMPLATE_NAME = 'velocity'

export interface TemplateOptions {
  /** Request templates must print a request document; `#return` in them skips the data source. */
  side: 'request' | 'response'
  /** What errors call the template. @default 'velocity', as the service does */
  name?: string
  /** Where time and chance come from. */
  run?: RunOptions
}

const compiled = new Map<string, Render>()
const COMPILED_TEMPLATES = 2_000

/** The template as JavaScript, made once per text. */
export function renderOf(text: string, name: string): Render {
  const known = compiled.get(text)
  if (known !== undefined) return known
  if (text.length > MAX_TEMPLATE_SIZE) {
    throw syntaxError(name, text, MAX_TEMPLATE_SIZE, `The template is larger than ${MAX_TEMPLATE_SIZE} characters`)
  }
  let render: Render
  try {
    render = emitTemplate(parseTemplate(text, name), text, name)
  } catch (error) {
    // The stack ends before the limits on nesting do only for templates made for that.
    if (error instanceof RangeError) throw syntaxError(name, text, 0, 'The template is nested too deeply')
    throw error
  }
  if (compiled.size >= COMPILED_TEMPLATES) compiled.delete(compiled.keys().next().value as string)
  compiled.set(text, render)
  return render
}

/**
 * Compiles a mapping template.
 *
 * What the service documents or was seen to do is done; where Velocity's versions differ and no answer of the service is
 * known, these hold:
 * - null and false are false, everything else is true, also 0, "" and empty maps (Amplify's templates count on that);
 * - `#set` with null sets null;
 * - integers are exact of any size and divide towards zero, doubles keep their point (`values.ts`);
 * - a directive or a comment with a line of its own takes the line with it; otherwise white space stays;
 * - a name may have hyphens before letters, but ends before one in text when nothing has the whole name;
 * - methods that a value does not have, and arguments that fit no signature, give null, which prints as it is written;
 * - `<` and its like compare numbers, or texts with texts, and are false for anything else;
 * - `#foreach` ends after 1,000 turns, macros fail at a depth of 20; `#evaluate`, `#include` and `#parse` are refused.
 *
 * Throws `ResolverSyntaxError` with line and column when it does not parse. The step never
 * throws: what goes wrong in a run is its outcome.
 */
export function compileTemplate(text: string, options: TemplateOptions): CompiledStep {
  const render = renderOf(text, options.name ?? TEMPLATE_NAME)
  const { side } = options
  const unit = { language: 'vtl' as const, source: text, part: side }
  return {
    run: (context) => runSliced(unit, context, (steps) => evaluateTemplate(render, side, context, steps, options.run)),
  }
}

/** One evaluation with so many steps. Throws only the `BudgetSpent` of the steps. */
export function evaluateTemplate(
  render: Render,
  side: 'request' | 'response',
  context: ResolverContext,
  steps: number,
  options?: RunOptions,
): Outcome {
  const rendered = renderTemplate(render, context, steps, options, false)
  if (rendered.type === 'error') return { ...rendered.effects, type: 'error', error: rendered.error }
  if (rendered.type === 'returned') {
    return side === 'request'
      ? { ...rendered.effects, type: 'earlyReturn', value: rendered.value, skipTo: 'NEXT' }
      : { ...rendered.effects, type: 'value', value: rendered.value }
  }
  if (rendered.type === 'value') return { ...rendered.effects, type: 'value', value: rendered.value }
  try {
    const value = side === 'request' ? parseRequest(rendered.text) : parseResponse(rendered.text)
    return { ...rendered.effects, type: 'value', value }
  } catch (error) {
    return { ...rendered.effects, type: 'error', error: errorOf(error) }
  }
}

type Traces = Pick<Outcome, 'stash' | 'appendedErrors' | 'logs' | 'effects'>

/** What a template gave: its text, or the value that this is known to be the JSON of; the value of a `#return`; an error. */
export type Rendered = { effects: Traces } & (
  | { type: 'text'; text: string }
  | { type: 'value'; value: unknown }
  | { type: 'returned'; value: unknown }
  | { type: 'error'; error: ResolverError }
)

/** Renders a template; to a text in any case when that is needed. Throws only the `BudgetSpent` of the steps. */
export function renderTemplate(
  render: Render,
  context: ResolverContext,
  steps: number,
  options: RunOptions | undefined,
  isTextNeeded: boolean,
): Rendered {
  const run = new VtlRun('VTL', context, options, steps)
  let map: Map<unknown, VtlValue> | undefined
  const effects = (): Traces => ({
    stash: stashOf(run, map),
    appendedErrors: run.appendedErrors,
    logs: run.logs,
    effects: run.effects,
  })
  try {
    map = contextMap(run)
    let text: string
    try {
      text = render(run, map)
    } catch (error) {
      if (!(error instanceof Halt)) throw error
      text = error.text
    }
    if (run.whole !== undefined) {
      const { before, value, after } = run.whole
      if (!isTextNeeded) {
        const plain = jsonValue(value, run)
        return { effects: effects(), type: 'value', value: plain }
      }
      text = before + jsonText(run, value) + after
      runtime.bounded(text)
    }
    // Reading the text is work as well.
    run.charge(text.length >> 4)
    if (run.returned !== undefined) {
      const value = returnedValue(plainCopy(run, run.returned.value) ?? null)
      return { effects: effects(), type: 'returned', value }
    }
    return { effects: effects(), type: 'text', text }
  } catch (error) {
    if (error instanceof BudgetSpent && error.reason === 'steps') throw error
    const described = errorOf(error)
    return { effects: safeEffects(run, effects, context), type: 'error', error: described }
  }
}

/** `#return($util.toJson(…))` returns what the JSON says, as real templates count on; any other text is itself. */
function returnedValue(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return parseLenient(value)
  } catch (error) {
    if (error instanceof JsonError) return value
    throw error
  }
}

/** After an error, also one of size: a stash that cannot be copied any more stays as it was. */
function safeEffects(run: VtlRun, effects: () => Traces, context: ResolverContext): Traces {
  try {
    return effects()
  } catch (error) {
    if (error instanceof BudgetSpent && error.reason === 'steps') throw error
    return { stash: context.stash ?? {}, appendedErrors: run.appendedErrors, logs: run.logs, effects: run.effects }
  }
}

/** The stash afterwards; the one given when the template did not touch it. */
function stashOf(run: VtlRun, context: Map<unknown, VtlValue> | undefined): Record<string, unknown> {
  const stash = context?.get('stash')
  if (stash instanceof Map) return plainCopy(run, stash) as Record<string, unknown>
  return run.context.stash ?? {}
}

function errorOf(error: unknown): ResolverError {
  if (error instanceof UtilError) return error.detail
  if (error instanceof VtlError || error instanceof OutputError || error instanceof BudgetSpent) {
    return { message: error.message, errorType: 'MappingTemplate' }
  }
  if (error instanceof RangeError)
    return { message: 'The template made a value that is too large.', errorType: 'MappingTemplate' }
  throw error
}

export { ResolverSyntaxError }
