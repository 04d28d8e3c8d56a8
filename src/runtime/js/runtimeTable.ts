import type { UtilTable } from '../util/environment.ts'
import { isMap } from './coerce.ts'
import { EarlyReturn } from './programError.ts'

/** `runtime` of APPSYNC_JS. */
export const runtimeTable: UtilTable = Object.freeze(
  Object.assign(Object.create(null), {
    earlyReturn: (_: unknown, [value, options]: readonly unknown[]) => {
      const skipTo = isMap(options) && Object.hasOwn(options, 'skipTo') ? options['skipTo'] : undefined
      throw new EarlyReturn(value, skipTo === 'END' || skipTo === 'NEXT' ? skipTo : undefined)
    },
  }),
)
