import type { UtilFunction, UtilTable } from '../util/environment.ts'
import { extensions, util } from '../util/index.ts'
import { type Builtin, type BuiltinTable, builtinFunctions, builtinTables } from './builtins/index.ts'
import { modules } from './modules/index.ts'
import { runtimeTable } from './runtimeTable.ts'
import { type MemberList, members } from './utilMembers.ts'

/** Something of the host that a program can name: a namespace, a function in it, or a number. */
export type HostValue =
  | {
      kind: 'table'
      path: string
      /** As the TypeScript types call it, for messages. */
      typeName: string
      table: UtilTable | BuiltinTable
      /** The members that APPSYNC_JS has of a table that it shares with VTL; all when undefined. */
      allowed: MemberList | undefined
      /** What calling the namespace itself does, as in `Number(x)`. */
      call: HostFunction | undefined
    }
  | { kind: 'function'; path: string; call: HostFunction }
  | { kind: 'constant'; path: string; value: number }

export type HostFunction = Builtin | UtilFunction

function tableOf(
  path: string,
  typeName: string,
  table: UtilTable | BuiltinTable,
  allowed?: MemberList,
  call?: HostFunction,
): HostValue {
  return { kind: 'table', path, typeName, table, allowed, call }
}

const globals = new Map<string, HostValue>([
  ['util', tableOf('util', 'Util', util, members.util)],
  ['extensions', tableOf('extensions', 'Extensions', extensions, members.extensions)],
  ['runtime', tableOf('runtime', 'Runtime', runtimeTable)],
])
for (const [name, table] of Object.entries(builtinTables)) {
  globals.set(name, tableOf(name, name, table, undefined, builtinFunctions[name]))
}
for (const [name, call] of Object.entries(builtinFunctions)) {
  if (!globals.has(name)) globals.set(name, { kind: 'function', path: name, call })
}

const UTILS_MODULE = '@aws-appsync/utils'

const namespaces = new Map<string, HostValue>()
for (const [name, table] of Object.entries(modules)) {
  const specifier = `${UTILS_MODULE}/${name}`
  namespaces.set(specifier, tableOf(name, `typeof import("${specifier}")`, table))
}

/** Whether a program may import from a module. */
export function isKnownModule(specifier: string): boolean {
  return specifier === UTILS_MODULE || namespaces.has(specifier)
}

/** What a name means: a global one (`module` undefined), or an export (`*` for all) of a module. */
export function resolveHostName(module: string | undefined, name: string): HostValue | undefined {
  if (module === undefined) return globals.get(name)
  if (module === UTILS_MODULE) {
    if (name === 'util' || name === 'extensions' || name === 'runtime') return globals.get(name)
    if (name !== '*') return undefined
    return tableOf(
      'utils',
      `typeof import("${UTILS_MODULE}")`,
      { util, extensions, runtime: runtimeTable },
      members.module,
    )
  }
  const namespace = namespaces.get(module)
  if (namespace === undefined || name === '*') return namespace
  return hostMember(namespace, name)
}

/** A member of a namespace. */
export function hostMember(owner: HostValue, key: string): HostValue | undefined {
  if (owner.kind !== 'table') return undefined
  if (owner.allowed !== undefined && !Object.hasOwn(owner.allowed, key)) return undefined
  if (!Object.hasOwn(owner.table, key)) return undefined
  const member = owner.table[key]
  const path = owner.path === 'utils' ? key : `${owner.path}.${key}`
  if (typeof member === 'number') return { kind: 'constant', path, value: member }
  if (typeof member === 'function') return { kind: 'function', path, call: member }
  if (member === undefined) return undefined
  const allowed = owner.allowed?.[key]
  if (owner.path === 'utils') return globals.get(key)
  return tableOf(path, typeNameOf(path), member, typeof allowed === 'object' ? allowed : undefined)
}

const typeNames: Readonly<Record<string, string>> = {
  'util.time': 'TimeUtils',
  'util.dynamodb': 'DynamodbUtil',
  'util.rds': 'RdsUtil',
  'util.http': 'HttpUtils',
  'util.xml': 'XmlUtils',
  'util.transform': 'TransformUtils',
  'util.math': 'MathUtils',
  'util.str': 'StringUtils',
  'dynamodb.operations': 'DynamoDBOperation',
  'rds.typeHint': 'RDSTypeHintHelper',
  'rds.agg': 'RDSAggregatesHelper',
}

function typeNameOf(path: string): string {
  return typeNames[path] ?? path
}
