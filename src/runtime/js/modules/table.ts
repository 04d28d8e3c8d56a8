import type { UtilFunction, UtilTable } from '../../util/environment.ts'

type Members = Readonly<Record<string, UtilFunction | UtilTable>>

/** The exports of a module: frozen, without prototype. */
export function exportsOf(members: Members): UtilTable {
  return Object.freeze(Object.assign(Object.create(null), members))
}
