import type { ResolverContext } from '../context.ts'
import type { VtlRun } from './runtime.ts'
import { owned, type VtlValue } from './values.ts'

/**
 * `$ctx` of one run: a map whose members are taken over from the host when a template reaches them. `args` and `arguments`
 * are one map; `arguments` and `stash` are there even when the context has none.
 */
export function contextMap(run: VtlRun): Map<unknown, VtlValue> {
  const context: ResolverContext = run.context
  const map = new Map<unknown, VtlValue>()
  const args = owned(context.arguments ?? {}, run)
  map.set('arguments', args)
  map.set('args', args)
  map.set('identity', context.identity ?? null)
  map.set('source', context.source ?? null)
  map.set('result', context.result ?? null)
  map.set('stash', context.stash ?? {})
  map.set('error', context.error ?? null)
  map.set('prev', context.prev ?? null)
  map.set('request', context.request ?? null)
  map.set('info', context.info ?? null)
  map.set('env', context.env ?? {})
  map.set('outErrors', context.outErrors ?? [])
  return map
}
