import type { Budget } from '../../emit/budget.ts'
import { NO_SUCH_METHOD } from '../../util/environment.ts'
import { numberOf } from '../../util/values.ts'
import { VtlError, type VtlValue } from '../values.ts'

/** A Java method: of a value of its class, with checked arguments. Answers `NO_SUCH_METHOD` when they fit no signature. */
export type Method<T> = (self: T, args: readonly VtlValue[], budget: Budget) => VtlValue

/** Methods by name; a null-prototype table, so that no name finds anything of the host. */
export type MethodTable<T> = Readonly<Record<string, Method<T>>>

export function tableOf<T>(methods: Record<string, Method<T>>): MethodTable<T> {
  return Object.freeze(Object.assign(Object.create(null) as Record<string, Method<T>>, methods))
}

/** Kinds of parameters. */
type Kind = 'string' | 'int' | 'any' | 'text'

/** A method whose parameters are all of these kinds. `text` takes numbers and booleans too, as their text (char, CharSequence). */
export function withArguments<T>(kinds: readonly Kind[], method: Method<T>): Method<T> {
  const length = kinds.length
  if (kinds.every((kind) => kind === 'any')) {
    return (self, args, budget) => (args.length === length ? method(self, args, budget) : NO_SUCH_METHOD)
  }
  return (self, args, budget) => {
    if (args.length !== length) return NO_SUCH_METHOD
    for (let index = 0; index < kinds.length; index++)
      if (!fits(args[index], kinds[index] as Kind)) return NO_SUCH_METHOD
    return method(self, args, budget)
  }
}

/** Overloads: the first whose parameters fit. */
export function overloaded<T>(...methods: Method<T>[]): Method<T> {
  return (self, args, budget) => {
    for (const method of methods) {
      const result = method(self, args, budget)
      if (result !== NO_SUCH_METHOD) return result
    }
    return NO_SUCH_METHOD
  }
}

function fits(value: VtlValue, kind: Kind): boolean {
  switch (kind) {
    case 'string':
      return typeof value === 'string'
    case 'text':
      return typeof value === 'string' || typeof value === 'boolean' || numberOf(value) !== undefined
    case 'int':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x7fff_ffff
    case 'any':
      return true
  }
}

/** A Java exception. */
export function javaException(className: string, message: string, packageName = 'java.lang'): VtlError {
  return new VtlError(`${packageName}.${className}: ${message}`)
}

/** Java's 32-bit string hash. */
export function hashOf(text: string, budget: Budget): number {
  budget.charge(text.length >> 2)
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash
}
