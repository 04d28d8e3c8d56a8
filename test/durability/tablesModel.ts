import type { DynamoDBEngine } from '../../src/services/dynamodb/engine.ts'

/**
 * Tables as plain maps, and random operations on them: what the engine answers and keeps is compared with what this
 * says. It shares no code with the engine.
 */

type Value = { S: string } | { N: string } | { SS: string[] } | { L: Value[] } | { M: Record<string, Value> }
type Item = Record<string, Value>

export interface ModelRecord {
  eventName: string
  OldImage?: Item
  NewImage?: Item
}

export const TABLE = {
  TableName: 'Model',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
    { AttributeName: 'g', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byG',
      KeySchema: [
        { AttributeName: 'g', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['n'] },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
}

/** Numbers from a seed, the same everywhere. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** A change of one item: how it is asked of the engine and what it does in the model. */
interface Change {
  key: { pk: Value; sk: Value }
  action: Record<string, unknown>
  kind: 'Put' | 'Update' | 'Delete'
  /** Whether its condition holds. */
  holds(item: Item | undefined): boolean
  next(item: Item | undefined): Item | undefined
}

export class TablesModel {
  readonly items = new Map<string, Item>()
  readonly records: ModelRecord[] = []
  readonly #random: (below: number) => number

  constructor(seed: number) {
    this.#random = createRandom(seed)
  }

  /** Does one random operation on the engine and here. Answers what differs, if anything. */
  step(engine: DynamoDBEngine): string | undefined {
    const kind = this.#random(100)
    if (kind < 55) return this.#single(engine)
    if (kind < 65) return this.#transaction(engine)
    if (kind < 72) return this.#batch(engine)
    if (kind < 80) return this.#get(engine)
    if (kind < 90) return this.#query(engine)
    return this.#indexQuery(engine)
  }

  /** Compares everything that is stored. */
  compareAll(engine: DynamoDBEngine): string | undefined {
    const found = new Map<string, unknown>()
    let ExclusiveStartKey: unknown
    do {
      const page = engine.send('Scan', {
        TableName: 'Model',
        Limit: 97,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      })
      for (const item of page['Items'] as Item[]) found.set(keyText(item), item)
      ExclusiveStartKey = page['LastEvaluatedKey']
    } while (ExclusiveStartKey !== undefined)
    const differs = difference('all items', sorted(found), sorted(this.items))
    if (differs !== undefined) return differs
    const indexed = engine.send('Scan', { TableName: 'Model', IndexName: 'byG', Select: 'COUNT' })['Count']
    const expected = [...this.items.values()].filter((item) => item['g'] !== undefined).length
    return difference('items of the index', indexed, expected)
  }

  #key(): { pk: Value; sk: Value } {
    return { pk: { S: `p${this.#random(12)}` }, sk: { N: String(this.#random(60) - 30) } }
  }

  #change(): Change {
    const key = this.#key()
    const number = String(this.#random(2_000) - 1_000)
    const group = this.#random(4) === 0 ? undefined : `g${this.#random(3)}`
    const condition = this.#condition()
    switch (this.#random(6)) {
      case 0:
      case 1: {
        const item: Item = {
          ...key,
          n: { N: number },
          ...(group === undefined ? {} : { g: { S: group } }),
          entries: { L: [{ N: number }, { S: 'x'.repeat(this.#random(200)) }] },
          nested: { M: { inner: { N: '0' } } },
        }
        return {
          kind: 'Put',
          key,
          action: { Item: item, ...condition.parameters },
          holds: condition.holds,
          next: () => item,
        }
      }
      case 2:
        return {
          kind: 'Delete',
          key,
          action: { Key: key, ...condition.parameters },
          holds: condition.holds,
          next: () => undefined,
        }
      case 3:
        return this.#update(key, 'ADD n :v', { ':v': { N: number } }, condition, (item) => {
          const current = item['n']
          item['n'] = { N: String((current !== undefined && 'N' in current ? Number(current.N) : 0) + Number(number)) }
        })
      case 4:
        return this.#update(
          key,
          'SET g = :g, seen = :v REMOVE entries',
          { ':g': { S: group ?? 'g9' }, ':v': { N: number } },
          condition,
          (item) => {
            item['g'] = { S: group ?? 'g9' }
            item['seen'] = { N: number }
            delete item['entries']
          },
        )
      default:
        return this.#update(key, 'REMOVE g ADD tags :t', { ':t': { SS: [number] } }, condition, (item) => {
          delete item['g']
          const tags = item['tags']
          item['tags'] = { SS: [...new Set([...(tags !== undefined && 'SS' in tags ? tags.SS : []), number])] }
        })
    }
  }

  #update(
    key: { pk: Value; sk: Value },
    UpdateExpression: string,
    values: Record<string, Value>,
    condition: { parameters: Record<string, unknown>; holds: Change['holds'] },
    change: (item: Item) => void,
  ): Change {
    const { ExpressionAttributeValues: more, ...parameters } = condition.parameters
    return {
      kind: 'Update',
      key,
      action: {
        Key: key,
        UpdateExpression,
        ...parameters,
        ExpressionAttributeValues: { ...values, ...(more as object) },
      },
      holds: condition.holds,
      next(item) {
        const copy = structuredClone(item ?? { ...key })
        change(copy)
        return copy
      },
    }
  }

  #condition(): { parameters: Record<string, unknown>; holds: Change['holds'] } {
    switch (this.#random(6)) {
      case 0:
        return { parameters: { ConditionExpression: 'attribute_not_exists(pk)' }, holds: (item) => item === undefined }
      case 1:
        return {
          parameters: { ConditionExpression: 'attribute_exists(g)' },
          holds: (item) => item?.['g'] !== undefined,
        }
      case 2: {
        const limit = this.#random(2_000) - 1_000
        return {
          parameters: {
            ConditionExpression: 'n > :limit',
            ExpressionAttributeValues: { ':limit': { N: String(limit) } },
          },
          holds: (item) => {
            const n = item?.['n']
            return n !== undefined && 'N' in n && Number(n.N) > limit
          },
        }
      }
      default:
        return { parameters: {}, holds: () => true }
    }
  }

  #apply(change: Change): void {
    const text = keyText(change.key)
    const before = this.items.get(text)
    const after = change.next(before)
    if (after === undefined) this.items.delete(text)
    else this.items.set(text, after)
    if (canonical(before) === canonical(after)) return
    this.records.push({
      eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
      ...(before === undefined ? {} : { OldImage: before }),
      ...(after === undefined ? {} : { NewImage: after }),
    })
  }

  #single(engine: DynamoDBEngine): string | undefined {
    const change = this.#change()
    const before = this.items.get(keyText(change.key))
    const expected = change.holds(before)
      ? before === undefined
        ? {}
        : { Attributes: before }
      : 'ConditionalCheckFailedException'
    if (change.holds(before)) this.#apply(change)
    return difference(
      change.kind,
      answer(engine, `${change.kind}Item`, { TableName: 'Model', ...change.action, ReturnValues: 'ALL_OLD' }),
      expected,
    )
  }

  #distinctChanges(most: number): Change[] {
    const changes = new Map<string, Change>()
    for (let left = 1 + this.#random(most); left > 0; left--) {
      const change = this.#change()
      changes.set(keyText(change.key), change)
    }
    return [...changes.values()]
  }

  #transaction(engine: DynamoDBEngine): string | undefined {
    const changes = this.#distinctChanges(5)
    const happens = changes.every((change) => change.holds(this.items.get(keyText(change.key))))
    if (happens) for (const change of changes) this.#apply(change)
    return difference(
      'transaction',
      answer(engine, 'TransactWriteItems', {
        TransactItems: changes.map((change) => ({ [change.kind]: { TableName: 'Model', ...change.action } })),
      }),
      happens ? {} : 'TransactionCanceledException',
    )
  }

  #batch(engine: DynamoDBEngine): string | undefined {
    const changes = this.#distinctChanges(10).filter((change) => change.kind !== 'Update')
    if (changes.length === 0) return undefined
    for (const change of changes) this.#apply(change)
    return difference(
      'batch',
      answer(engine, 'BatchWriteItem', {
        RequestItems: {
          Model: changes.map((change) =>
            change.kind === 'Put'
              ? { PutRequest: { Item: change.action['Item'] } }
              : { DeleteRequest: { Key: change.key } },
          ),
        },
      }),
      { UnprocessedItems: {} },
    )
  }

  #get(engine: DynamoDBEngine): string | undefined {
    const key = this.#key()
    const item = this.items.get(keyText(key))
    return difference(
      'get',
      answer(engine, 'GetItem', { TableName: 'Model', Key: key }),
      item === undefined ? {} : { Item: item },
    )
  }

  #query(engine: DynamoDBEngine): string | undefined {
    const pk = `p${this.#random(12)}`
    const from = this.#random(60) - 30
    const to = from + this.#random(30)
    const descending = this.#random(2) === 0
    const Limit = 1 + this.#random(20)
    const found = [...this.items.values()]
      .filter((item) => textOf(item['pk']) === pk && numberOf(item['sk']) >= from && numberOf(item['sk']) <= to)
      .sort((one, two) => (numberOf(one['sk']) - numberOf(two['sk'])) * (descending ? -1 : 1))
      .slice(0, Limit)
    const output = engine.send('Query', {
      TableName: 'Model',
      KeyConditionExpression: 'pk = :p AND sk BETWEEN :a AND :b',
      ExpressionAttributeValues: { ':p': { S: pk }, ':a': { N: String(from) }, ':b': { N: String(to) } },
      ScanIndexForward: !descending,
      Limit,
    })
    return difference('query', output['Items'], found)
  }

  #indexQuery(engine: DynamoDBEngine): string | undefined {
    const group = `g${this.#random(3)}`
    const found = [...this.items.values()]
      .filter((item) => textOf(item['g']) === group)
      .map(({ pk, sk, g, n }) => ({ pk, sk, g, ...(n === undefined ? {} : { n }) }))
    const output = engine.send('Query', {
      TableName: 'Model',
      IndexName: 'byG',
      KeyConditionExpression: 'g = :g',
      ExpressionAttributeValues: { ':g': { S: group } },
    })
    const items = output['Items'] as Item[]
    const ordered = items.every(
      (item, index) => index === 0 || numberOf((items[index - 1] as Item)['sk']) <= numberOf(item['sk']),
    )
    if (!ordered) return `query of the index: not in order: ${canonical(items)}`
    const byKey = (list: readonly unknown[]): Map<string, unknown> =>
      new Map(list.map((item) => [keyText(item as Item), item]))
    return difference('query of the index', sorted(byKey(items)), sorted(byKey(found)))
  }
}

function textOf(value: Value | undefined): string | undefined {
  return value !== undefined && 'S' in value ? value.S : undefined
}

function numberOf(value: Value | undefined): number {
  return value !== undefined && 'N' in value ? Number(value.N) : Number.NaN
}

function keyText(item: { pk?: unknown; sk?: unknown } & Record<string, unknown>): string {
  return `${canonical(item.pk)} ${canonical(item.sk)}`
}

function answer(engine: DynamoDBEngine, operation: string, input: Record<string, unknown>): unknown {
  try {
    return engine.send(operation, input)
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

function sorted(items: ReadonlyMap<string, unknown>): unknown[] {
  return [...items].sort(([one], [two]) => (one < two ? -1 : 1)).map(([, item]) => item)
}

function difference(what: string, actual: unknown, expected: unknown): string | undefined {
  const one = canonical(actual)
  const two = canonical(expected)
  return one === two ? undefined : `${what}: the engine has ${one}, the model ${two}`
}

/** JSON with the members of objects in order, and those of sets. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (key, member: unknown) => {
      if (key === 'SS' && Array.isArray(member)) return [...member].sort()
      if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
      return Object.fromEntries(Object.entries(member).sort(([one], [two]) => (one < two ? -1 : 1)))
    }) ?? 'undefined'
  )
}
