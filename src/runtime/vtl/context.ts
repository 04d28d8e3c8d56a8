import type { ResolverContext } from '../context.ts'
import type { VtlRun } from './runtime.ts'
import { owned, type VtlValue } from './values.ts'

/** A map with further members that are there for those who name them, but are not listed, printed or serialised. */
class HidingMap extends Map<unknown, VtlValue> {
  private readonly hidden: Map<unknown, VtlValue>

  constructor(hidden: Map<unknown, VtlValue>) {
    super()
    this.hidden = hidden
  }

  override get(key: unknown): VtlValue {
    const value = super.get(key)
    return value === undefined ? this.hidden.get(key) : value
  }

  /** Sets a member that is known to be neither hidden nor made late. */
  fill(key: unknown, value: VtlValue): void {
    super.set(key, value)
  }

  override has(key: unknown): boolean {
    return super.has(key) || this.hidden.has(key)
  }

  override set(key: unknown, value: VtlValue): this {
    // Called by the constructor of Map as well, before there is anything to hide.
    if (this.hidden?.has(key) === true) this.hidden.set(key, value)
    else super.set(key, value)
    return this
  }
}

/** `$ctx`: its `info` is made when it is reached, which few templates do. */
class ContextMap extends HidingMap {
  /** Not yet made. */
  info: ResolverContext['info'] = undefined

  private makeInfo(): void {
    const { info } = this
    if (info === undefined) return
    this.info = undefined
    super.set('info', infoMap(info))
  }

  override get(key: unknown): VtlValue {
    if (key === 'info') this.makeInfo()
    return super.get(key)
  }

  override set(key: unknown, value: VtlValue): this {
    if (key === 'info') this.info = undefined
    return super.set(key, value)
  }

  override [Symbol.iterator](): MapIterator<[unknown, VtlValue]> {
    this.makeInfo()
    return super[Symbol.iterator]()
  }
}

/**
 * `$ctx` of one run: a map whose members are taken over from the host when a template reaches them. `args` and `arguments`
 * are one map; `arguments` and `stash` are there even when the context has none.
 *
 * `$util.toJson($ctx)` gives what a direct Lambda resolver gets; and by default `selectionSetList` and
 * `selectionSetGraphQL` are not serialised with `$ctx.info` (AppSync, "Resolver mapping template context reference").
 */
export function contextMap(run: VtlRun): Map<unknown, VtlValue> {
  const context: ResolverContext = run.context
  const args = owned(context.arguments ?? {}, run)
  const hidden = new Map<unknown, VtlValue>()
  hidden.set('args', args)
  hidden.set('env', context.env ?? {})
  hidden.set('outErrors', context.outErrors ?? [])
  const map = new ContextMap(hidden)
  map.fill('arguments', args)
  map.fill('identity', context.identity ?? null)
  map.fill('source', context.source ?? null)
  if (context.result !== undefined) map.fill('result', context.result)
  if (context.error !== undefined && context.error !== null) map.fill('error', context.error)
  map.fill('request', context.request ?? null)
  map.fill('prev', context.prev ?? null)
  map.fill('info', null)
  map.info = context.info ?? undefined
  map.fill('stash', context.stash ?? {})
  return map
}

function infoMap(info: object): VtlValue {
  const hidden = new Map<unknown, VtlValue>()
  const map = new HidingMap(hidden)
  for (const [name, value] of Object.entries(info)) {
    if (name === 'selectionSetList' || name === 'selectionSetGraphQL') hidden.set(name, value)
    else map.set(name, value)
  }
  return map
}
