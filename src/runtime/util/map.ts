import { NO_SUCH_METHOD, type UtilFunction } from './environment.ts'
import { entriesOf, isList, isMap } from './values.ts'

function copyAnd(isRetained: boolean): UtilFunction {
  return (environment, args) => {
    const [source, keys] = args
    if (args.length !== 2 || !isMap(source) || !isList(keys)) return NO_SUCH_METHOD
    const named = new Set(keys.map((key) => (typeof key === 'number' ? String(key) : key)))
    const copy = new Map<string, unknown>()
    for (const [key, value] of entriesOf(source)) if (named.has(key) === isRetained) copy.set(key, value)
    environment.charge(named.size + copy.size)
    environment.allocate(copy.size * 32)
    return copy
  }
}

/** Only in VTL. The copies are shallow. */
export const map = {
  copyAndRetainAllKeys: copyAnd(true),
  copyAndRemoveAllKeys: copyAnd(false),
} satisfies Record<string, UtilFunction>
