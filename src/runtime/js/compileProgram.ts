import type { AnyNode } from 'acorn'
import { type CodeProblem, ResolverSyntaxError } from '../context.ts'
import { EmptyMap } from '../emit/fromHost.ts'
import { checkLanguage, exportedHandlers, type HandlerName } from './check.ts'
import { toKey, toText } from './coerce.ts'
import { contextMembers } from './contextMembers.ts'
import { isKnownModule, resolveHostName } from './hostValues.ts'
import type { JsRun } from './jsRun.ts'
import { callComputed, callMethod, hasMethod } from './methods/callMethod.ts'
import { type Names, resolveNames } from './names.ts'
import * as operators from './operators.ts'
import { CODE_ERROR_MESSAGE, parseCode, problem, typeScriptProblem } from './parse.ts'
import { emitProgram, OPERATOR_NAMES } from './program/emitProgram.ts'
import type { Inspection } from './program/state.ts'
import { SourceText } from './sourceText.ts'

type Handler = (context: unknown) => unknown

/** A program after compilation: from here on it can be run on any input. */
export interface Program {
  text: SourceText
  /** Evaluates the module; every run has its own. */
  instantiate(run: JsRun): Partial<Record<HandlerName, Handler>>
  /** The exported handlers, and the members of `ctx` that each can reach (all when undefined). */
  handlers: ReadonlyMap<HandlerName, readonly string[] | undefined>
  /** Where the user's own errors are raised. */
  ownErrors: ReadonlySet<number>
}

type Factory = Program['instantiate']

/** What emitted programs call. */
const operatorFunctions: Readonly<Record<string, unknown>> = {
  ...operators,
  toKey,
  toText,
  callMethod,
  callComputed,
  hasMethod,
  EmptyMap,
}

/** Parses, checks and emits a program. */
export function compileProgram(code: string, inspection: Inspection): Program {
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
    const reached = new Map(
      [...handlers].map(([name, binding]) => [name, listed(contextMembers(binding, names))] as const),
    )
    return { text, instantiate, handlers: reached, ownErrors: emitted.ownErrors }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, [
      problem(text, 'PARSE_ERROR', 'The code is nested too deeply.', 0, 0),
    ])
  }
}

/** The few members of a set, as every run goes through them. */
function listed(members: ReadonlySet<string> | undefined): readonly string[] | undefined {
  return members === undefined ? undefined : [...members]
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
