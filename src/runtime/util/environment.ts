import type { Effects, ResolverContext, ResolverError } from '../context.ts'

/** What a utility may touch while one step runs. Made per run; nothing is shared between requests. */
export interface UtilEnvironment {
  language: 'VTL' | 'APPSYNC_JS'
  context: ResolverContext
  /** Milliseconds since the epoch. */
  now(): number
  /** 0 ≤ x < 1. */
  random(): number
  /** Filled by `util.appendError`. */
  appendedErrors: ResolverError[]
  /** Filled by `extensions.*` and `util.http.*`. */
  effects: Effects
  logs: string[]
  /** Counts work (about one unit per visited element or character) against the step budget; throws when it is spent. */
  charge(steps: number): void
  /** Counts made characters and elements against the size budget; throws when it is spent. */
  allocate(size: number): void
}

/**
 * A utility. Arguments are values of the calling language: maps are null-prototype objects (APPSYNC_JS) or `Map`s
 * (VTL, which keep insertion order); `values.ts` reads both. Results are plain data (null-prototype objects, arrays,
 * primitives), which VTL wraps. Throws `UtilError` to end the field.
 */
export type UtilFunction = (environment: UtilEnvironment, args: readonly unknown[]) => unknown

/** A namespace: frozen, null-prototype; members are utilities or further namespaces. */
export interface UtilTable {
  readonly [name: string]: UtilFunction | UtilTable
}

/** Ends the field with an error of AppSync's shape. */
export class UtilError extends Error {
  override readonly name = 'UtilError'
  readonly detail: ResolverError

  constructor(detail: ResolverError) {
    super(detail.message)
    this.detail = detail
  }
}

/**
 * What a utility answers when its arguments fit none of the method's signatures. AppSync's utilities are Java methods: a
 * template that calls one with other types finds no method, and the reference prints as it is written.
 */
export const NO_SUCH_METHOD: unique symbol = Symbol('no such method')

/**
 * The answer to arguments that fit no signature: unresolved in VTL; null in APPSYNC_JS, which the service runs by way of
 * VTL (recorded for `toSubscriptionFilter` of a list and of a text).
 */
export function mismatch(environment: UtilEnvironment): typeof NO_SUCH_METHOD | null {
  return environment.language === 'VTL' ? NO_SUCH_METHOD : null
}

/** An error of a utility itself (a text that does not parse, an unknown zone), as opposed to one that the user raised. */
export function failure(message: string): UtilError {
  return new UtilError({ message, errorType: 'MappingTemplate' })
}
