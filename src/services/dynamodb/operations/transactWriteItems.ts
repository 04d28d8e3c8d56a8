import { createHash } from 'node:crypto'
import type { Scope } from '../../../aws/arn.ts'
import { AwsError } from '../../../aws/errors.ts'
import { itemSize } from '../attributeValue.ts'
import { consumedCapacity, emptyUsage, readUnits, type Usage, wantsCapacity } from '../capacity.ts'
import { validationError } from '../errors.ts'
import type { Expressions } from '../expressionParameters.ts'
import type { Input } from '../input.ts'
import { MAX_TRANSACTION_BYTES } from '../limits.ts'
import type { OpenTable } from '../tables.ts'
import { addWriteUsage, applyWrite, type Write } from '../writes.ts'
import { collectionMetrics, identityOf } from './batchWriteItem.ts'
import type { Context, Operation, Output } from './context.ts'
import { prepareDelete, readKeyRequest } from './deleteItem.ts'
import { preparePut, readPut } from './putItem.ts'
import { type CancellationReason, canceled, NO_REASON, validationReason } from './transaction.ts'
import { applyUpdate, prepareUpdate, readUpdate } from './updateItem.ts'
import { checkCondition } from './writeItem.ts'

/** Transactions write everything twice. */
const UNITS_FACTOR = 2

const KINDS = ['ConditionCheck', 'Put', 'Delete', 'Update'] as const

/** One action of a transaction. */
interface Action {
  kind: (typeof KINDS)[number]
  tableName: string
  expressions: Expressions
  prepare(table: OpenTable): Write
  /** Computes what the item becomes, once its condition holds. */
  settle(write: Write): void
  /** `ReturnValuesOnConditionCheckFailure`. */
  returnItem: unknown
}

export const transactWriteItems: Operation = (context, input, scope) => {
  const actions = (input['TransactItems'] as Input[]).map(readAction)
  const opened = actions.map((action) => ({ action, table: context.tables.open(scope, action.tableName) }))
  const token = input['ClientRequestToken']
  const fingerprint = typeof token === 'string' ? fingerprintOf(input) : undefined
  return context.storage.transaction(() => {
    if (typeof token === 'string' && fingerprint !== undefined) {
      const known = context.tokens.find(tokenKey(scope, token))
      if (known !== undefined) return repeated(known, fingerprint, opened, input)
      context.tokens.remember(tokenKey(scope, token), fingerprint)
    }
    const writes = execute(context, opened)
    return outputOf(opened, writes, input)
  })
}

function readAction(given: Input): Action {
  const kinds = KINDS.filter((kind) => given[kind] !== undefined && given[kind] !== null)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1)
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete')
  const request = given[kind] as Input
  const common = {
    kind,
    tableName: request['TableName'] as string,
    returnItem: request['ReturnValuesOnConditionCheckFailure'],
    settle: () => {},
  }
  switch (kind) {
    case 'Put': {
      const put = readPut(request)
      return {
        ...common,
        expressions: put.expressions,
        prepare: (table) => preparePut(table, put),
      }
    }
    case 'Update': {
      const update = readUpdate(request)
      return {
        ...common,
        expressions: update.expressions,
        prepare: (table) => prepareUpdate(table, update),
        settle: (write) => void applyUpdate(write, update),
      }
    }
    case 'Delete':
    case 'ConditionCheck': {
      const deletion = readKeyRequest(request)
      return {
        ...common,
        expressions: deletion.expressions,
        prepare: (table) => prepareDelete(table, deletion),
      }
    }
    default:
      return kind satisfies never
  }
}

interface OpenAction {
  action: Action
  table: OpenTable
}

function execute({ listenerOf }: Context, opened: readonly OpenAction[]): Write[] {
  const reasons: CancellationReason[] = []
  const writes: Write[] = []
  const seen = new Set<string>()
  for (const { action, table } of opened) {
    try {
      const write = action.prepare(table)
      seen.add(identityOf(write))
      writes.push(write)
      reasons.push(NO_REASON)
    } catch (error) {
      reasons.push(validationReason(error))
      seen.add(`refused ${reasons.length}`)
    }
  }
  if (seen.size < opened.length)
    throw validationError('Transaction request cannot include multiple operations on one item')
  let position = 0
  for (const [index, { action }] of opened.entries()) {
    if (reasons[index] !== NO_REASON) continue
    const write = writes[position++] as Write
    try {
      checkCondition(action.expressions.condition, write.before, action.returnItem)
      action.settle(write)
    } catch (error) {
      reasons[index] = validationReason(error)
    }
  }
  if (reasons.some((reason) => reason !== NO_REASON)) throw canceled(reasons)
  const bytes = writes.reduce((sum, write) => sum + Math.max(write.afterSize, write.before?.stored.size ?? 0), 0)
  if (bytes > MAX_TRANSACTION_BYTES)
    throw validationError('Aggregate size of the items in the transaction exceeds 4 MB')
  for (const [index, { action, table }] of opened.entries()) {
    const write = writes[index] as Write
    if (action.kind === 'ConditionCheck' || (write.after === undefined && write.before === undefined)) continue
    applyWrite(write, listenerOf(table))
  }
  return writes
}

function outputOf(opened: readonly OpenAction[], writes: readonly Write[], input: Input): Output {
  const output: Output = {}
  if (wantsCapacity(input)) {
    const usages = new Map<string, Usage>()
    for (const [index, { action, table }] of opened.entries()) {
      const usage = usages.get(table.tableName) ?? { ...emptyUsage(), kind: 'write' as const }
      usages.set(table.tableName, usage)
      const write = writes[index] as Write
      addWriteUsage(
        usage,
        action.kind === 'ConditionCheck'
          ? { ...write, after: write.before?.item, afterSize: write.before?.stored.size ?? 0 }
          : write,
        UNITS_FACTOR,
      )
    }
    output['ConsumedCapacity'] = capacities(usages, input)
  }
  if (input['ReturnItemCollectionMetrics'] === 'SIZE') output['ItemCollectionMetrics'] = collectionMetrics(writes)
  return output
}

function capacities(usages: ReadonlyMap<string, Usage>, input: Input): Output[] {
  return [...usages].map(([name, usage]) => consumedCapacity(name, usage, input['ReturnConsumedCapacity']))
}

/** The same token again: nothing is written, and what it answers costs what reading the items costs. */
function repeated(known: string, fingerprint: string, opened: readonly OpenAction[], input: Input): Output {
  if (known !== fingerprint)
    throw new AwsError(
      'IdempotentParameterMismatchException',
      'The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical',
    )
  if (!wantsCapacity(input)) return {}
  const usages = new Map<string, Usage>()
  for (const { action, table } of opened) {
    const usage = usages.get(table.tableName) ?? { ...emptyUsage(), kind: 'read' as const }
    usages.set(table.tableName, usage)
    const before = action.prepare(table).before
    usage.table += readUnits(before === undefined ? 0 : itemSize(before.item), true) * UNITS_FACTOR
  }
  return { ConsumedCapacity: capacities(usages, input) }
}

function tokenKey(scope: Scope, token: string): string {
  return `${scope.accountId}/${scope.region}/${token}`
}

/** What must be the same when a token is used again: everything but what the answer should tell. */
function fingerprintOf(input: Input): string {
  return createHash('sha256').update(canonical(input['TransactItems'])).digest('base64')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .sort(([one], [two]) => (one < two ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
      .join(',')}}`
  return JSON.stringify(value) ?? 'null'
}
