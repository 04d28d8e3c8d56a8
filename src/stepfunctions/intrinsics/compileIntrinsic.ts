import { StatesError } from '../asl/statesError.ts'
import { PathNotFoundError, PathSyntaxError } from '../jsonpath/path.ts'
import type { Read } from '../jsonpath/statePath.ts'
import { INTRINSIC_FUNCTIONS, IntrinsicArgumentError } from './functions.ts'
import { type Argument, type IntrinsicCall, parseIntrinsic } from './parseIntrinsic.ts'

export interface CompiledIntrinsic {
  read: Read
  /** Names of the variables that its arguments refer to. */
  variables: readonly string[]
  /** Whether an argument reads the context object. */
  readsContext: boolean
}

/** A missing path argument; it ends the whole expression with `States.Runtime`. */
class MissingArgumentError extends Error {}

/** Compiles a call of an intrinsic function. Throws `PathSyntaxError`. */
export function compileIntrinsic(text: string): CompiledIntrinsic {
  const variables: string[] = []
  let readsContext = false
  const argument = (node: Argument): Read => {
    if (node.type === 'literal') return () => node.value
    if (node.type === 'call') return call(node.call)
    const { path } = node
    if (path.variable !== undefined) variables.push(path.variable)
    if (path.root === 'context') readsContext = true
    return (environment, data) => {
      try {
        return path.read(environment, data)
      } catch (error) {
        if (!(error instanceof PathNotFoundError)) throw error
        const root = path.root === 'context' ? environment.context : data
        throw new MissingArgumentError(
          `The JsonPath argument for the field '${path.text}' could not be found in the input '${JSON.stringify(root)}'`,
        )
      }
    }
  }
  const call = (node: IntrinsicCall): Read => {
    const implementation = INTRINSIC_FUNCTIONS.get(node.name)
    if (implementation === undefined) throw new PathSyntaxError(`Unknown intrinsic function: States.${node.name}`)
    const [least, most] = implementation.arity
    if (node.arguments.length < least || node.arguments.length > most) {
      throw new PathSyntaxError(`Invalid number of arguments for States.${node.name}`)
    }
    const args = node.arguments.map((arg, at) =>
      // The template keeps its escapes: Format itself reads them.
      node.name === 'Format' && at === 0 && arg.type === 'literal' && arg.raw !== undefined
        ? (
            (raw) => () =>
              raw
          )(arg.raw)
        : argument(arg),
    )
    return (environment, data) =>
      implementation.call(
        args.map((arg) => arg(environment, data)),
        environment,
      )
  }
  const run = call(parseIntrinsic(text))
  return {
    variables,
    readsContext,
    read(environment, data) {
      try {
        return run(environment, data)
      } catch (error) {
        const cause = error instanceof Error ? error.message : ''
        const sentence = `The function '${text}' had the following error: ${cause}`
        if (error instanceof MissingArgumentError) throw new StatesError('States.Runtime', sentence)
        if (error instanceof IntrinsicArgumentError) throw new StatesError('States.IntrinsicFailure', sentence)
        throw error
      }
    },
  }
}
