import { core, vtlOnly } from './core.ts'
import { dynamodb, vtlDynamodb } from './dynamodb.ts'
import type { UtilFunction, UtilTable } from './environment.ts'
import { extensionFunctions } from './extensions.ts'
import { http } from './http.ts'
import { list } from './list.ts'
import { map } from './map.ts'
import { math } from './math.ts'
import { rds, vtlRds } from './rds.ts'
import { str, vtlStr } from './str.ts'
import { time } from './time.ts'
import { transform } from './transform.ts'
import { xml } from './xml.ts'

type Members = Readonly<Record<string, UtilFunction | Readonly<Record<string, unknown>>>>

/** A frozen table without prototype, namespaces included. */
function table(members: Members): UtilTable {
  const result: Record<string, UtilFunction | UtilTable> = Object.create(null)
  for (const [name, member] of Object.entries(members)) {
    result[name] = typeof member === 'function' ? member : table(member as Members)
  }
  return Object.freeze(result)
}

/** `util` of APPSYNC_JS (`@aws-appsync/utils`). */
export const util: UtilTable = table({ ...core, time, dynamodb, rds, http, xml, transform, math, str })

/** `$util` and `$utils` of VTL, with the functions that JavaScript does not need. */
export const vtlUtil: UtilTable = table({
  ...core,
  ...vtlOnly,
  time,
  list,
  map,
  dynamodb: vtlDynamodb,
  rds: vtlRds,
  http,
  xml,
  transform,
  math,
  str: vtlStr,
})

/** `extensions` of both languages. */
export const extensions: UtilTable = table(extensionFunctions)
