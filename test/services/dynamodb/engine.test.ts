import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createCatalog } from '../../../src/catalog.ts'
import { createDynamoDB } from '../../../src/services/dynamodb/engine.ts'
import { openDataFolder } from '../../../src/storage/dataFolder.ts'
import { engineIn, engineInMemory, globalIndex, manualClock, refusal, table } from './fixture.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close()
})
const opened = (clock = manualClock()) => {
  const made = engineInMemory(clock)
  closing.push(made.close)
  return { ...made, clock }
}
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sidestage-dynamodb-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const arn = (name: string): string => `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`
const definition = (keys = 'S', more = {}): Record<string, unknown> => {
  const { TableName: _, ...description } = table('x', keys, more)
  return description
}

describe('a table named as what objects inherit', () => {
  it.each(['constructor', '__proto__', 'toString'])('is read and written in batches: %s', (name) => {
    const { engine } = opened()
    const local = {
      IndexName: 'byOther',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'other', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    }
    engine.send('CreateTable', {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'other'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      LocalSecondaryIndexes: [local],
    })
    const key = { pk: { S: 'a' }, sk: { S: 'b' } }
    const requests = (value: unknown): unknown => JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`)
    const written = engine.send('BatchWriteItem', {
      ReturnItemCollectionMetrics: 'SIZE',
      RequestItems: requests([{ PutRequest: { Item: key } }]),
    })
    expect(Object.keys(written['ItemCollectionMetrics'] as object)).toEqual([name])
    const read = engine.send('BatchGetItem', { RequestItems: requests({ Keys: [key] }) })
    expect(Object.entries(read['Responses'] as object)).toEqual([[name, [key]]])
  })
})

describe('a table of the catalog', () => {
  it('that a project puts there has storage and a complete description', () => {
    const { engine, tables } = opened()
    tables.put({ arn: arn('Notes'), tableName: 'Notes', description: definition() }, 'project')
    engine.send('PutItem', { TableName: 'Notes', Item: { pk: { S: 'a' } } })
    expect(engine.send('Scan', { TableName: 'Notes' })['Count']).toBe(1)
    expect(tables.originOf(arn('Notes'))).toBe('project')
    const description = tables.get(arn('Notes'))?.description
    expect({ ...description, TableId: typeof description?.['TableId'] }).toEqual({
      TableName: 'Notes',
      TableArn: arn('Notes'),
      TableId: 'string',
      TableStatus: 'ACTIVE',
      CreationDateTime: Date.parse('2026-01-01T00:00:00Z') / 1_000,
      ItemCount: 0,
      TableSizeBytes: 0,
      ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
      DeletionProtectionEnabled: false,
      WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: 'ACTIVE' },
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingModeSummary: {
        BillingMode: 'PAY_PER_REQUEST',
        LastUpdateToPayPerRequestDateTime: Date.parse('2026-01-01T00:00:00Z') / 1_000,
      },
    })
  })

  it('is refused when its definition is', () => {
    const { tables } = opened()
    expect(() =>
      tables.put({ arn: arn('Bad'), tableName: 'Bad', description: { ...definition(), KeySchema: [] } }, 'project'),
    ).toThrow(
      "Value '[]' at 'keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
    expect(() =>
      tables.put({ arn: arn('Bad'), tableName: 'Bad', description: { ...definition(), KeySchema: 'pk' } }, 'project'),
    ).toThrow('Unexpected field type')
  })

  it('gets and loses indexes as its definition does', () => {
    const { engine, tables } = opened()
    const put = (more = {}): void =>
      tables.put({ arn: arn('Notes'), tableName: 'Notes', description: definition('S', more) }, 'project')
    put()
    engine.send('PutItem', { TableName: 'Notes', Item: { pk: { S: 'a' }, g: { S: 'x' } } })
    put({
      AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
      GlobalSecondaryIndexes: [globalIndex('byG', 'g')],
    })
    expect(engine.send('Scan', { TableName: 'Notes', IndexName: 'byG' })['Items']).toEqual([
      { pk: { S: 'a' }, g: { S: 'x' } },
    ])
    put()
    expect(refusal(engine, 'Scan', { TableName: 'Notes', IndexName: 'byG' }).message).toBe(
      'The table does not have the specified index: byG',
    )
  })

  it('keeps its items while a project forgets it, and with the keys that they were written under', () => {
    const { engine, tables } = opened()
    const put = (keys: string): void =>
      tables.put({ arn: arn('Notes'), tableName: 'Notes', description: definition(keys) }, 'project')
    const count = (): unknown => engine.send('Scan', { TableName: 'Notes' })['Count']
    put('S')
    engine.send('PutItem', { TableName: 'Notes', Item: { pk: { S: 'a' } } })
    tables.delete(arn('Notes'))
    expect(refusal(engine, 'Scan', { TableName: 'Notes' }).name).toBe('ResourceNotFoundException')
    put('N')
    expect(count()).toBe(0)
    put('S')
    expect(count()).toBe(1)
  })

  it('is there again, with its items, id and stream, after a restart', () => {
    const path = temporaryFolder()
    const describeOf = (): unknown => {
      const folder = openDataFolder(path)
      const { engine, tables, close } = engineIn(folder, manualClock())
      tables.put(
        {
          arn: arn('Notes'),
          tableName: 'Notes',
          description: definition('S', { StreamSpecification: { StreamViewType: 'KEYS_ONLY' } }),
        },
        'project',
      )
      engine.send('PutItem', { TableName: 'Notes', Item: { pk: { S: 'a' } } })
      const described = engine.send('DescribeTable', { TableName: 'Notes' })
      close()
      return described
    }
    expect(describeOf()).toEqual(describeOf())
  })

  it('is not put there again at a start that changes nothing', () => {
    const path = temporaryFolder()
    const clock = manualClock()
    const first = engineIn(openDataFolder(path), clock)
    first.engine.send('CreateTable', table('Made', 'S', { Tags: [{ Key: 'a', Value: 'b' }] }))
    const made = first.tables.get(arn('Made'))
    first.close()
    const folder = openDataFolder(path)
    const tables = createCatalog().collection('AWS::DynamoDB::Table')
    tables.put(JSON.parse(JSON.stringify(made)))
    const changes: unknown[] = []
    tables.subscribe((change) => changes.push(change))
    const second = createDynamoDB({ folder, tables, clock })
    closing.push(() => {
      second.close()
      folder.close()
    })
    expect([changes, second.send('Scan', { TableName: 'Made' })['Count']]).toEqual([[], 0])
  })

  it('is another one in another region and account', () => {
    const { engine } = opened()
    const elsewhere = { accountId: '111111111111', region: 'eu-west-1' }
    engine.send('CreateTable', table('Same', 'S'))
    engine.send('CreateTable', table('Same', 'N'), elsewhere)
    engine.send('PutItem', { TableName: 'Same', Item: { pk: { N: '1' } } }, elsewhere)
    expect([
      engine.send('Scan', { TableName: 'Same' })['Count'],
      engine.send('Scan', { TableName: 'Same' }, elsewhere)['Count'],
      engine.send('ListTables', {}, { accountId: '111111111111', region: 'us-east-1' }),
    ]).toEqual([0, 1, { TableNames: [] }])
  })
})

describe('send', () => {
  it('neither changes nor keeps what it is given', () => {
    const { engine } = opened()
    engine.send('CreateTable', table('Own', 'S'))
    const list = [{ S: 'first' }]
    const input = { TableName: 'Own', Item: { pk: { S: 'a' }, n: { N: '1.0' }, list: { L: list } } }
    const before = structuredClone(input)
    engine.send('PutItem', input)
    expect(input).toEqual(before)
    list.push({ S: 'second' })
    expect(engine.send('GetItem', { TableName: 'Own', Key: { pk: { S: 'a' } } })).toEqual({
      Item: { pk: { S: 'a' }, n: { N: '1' }, list: { L: [{ S: 'first' }] } },
    })
  })

  it('answers what nobody else holds', () => {
    const { engine } = opened()
    engine.send('CreateTable', table('Own', 'S'))
    const value = { M: { a: { S: 'kept' } } }
    const update = (): { Attributes: { m: { M: { a: { S: string } } } } } =>
      engine.send('UpdateItem', {
        TableName: 'Own',
        Key: { pk: { S: 'a' } },
        UpdateExpression: 'SET m = :m, copied = :m',
        ExpressionAttributeValues: { ':m': value },
        ReturnValues: 'ALL_NEW',
      }) as never
    update().Attributes.m.M.a.S = 'changed'
    expect([value, update().Attributes]).toEqual([
      { M: { a: { S: 'kept' } } },
      { pk: { S: 'a' }, m: { M: { a: { S: 'kept' } } }, copied: { M: { a: { S: 'kept' } } } },
    ])
  })

  it('takes frozen input', () => {
    const { engine } = opened()
    engine.send('CreateTable', table('Own', 'S'))
    const Key = Object.freeze({ pk: Object.freeze({ S: 'a' }) })
    expect(
      engine.send('UpdateItem', {
        TableName: 'Own',
        Key,
        UpdateExpression: 'ADD n :v',
        ExpressionAttributeValues: Object.freeze({ ':v': Object.freeze({ N: '1' }) }),
        ReturnValues: 'ALL_NEW',
      }),
    ).toEqual({ Attributes: { pk: { S: 'a' }, n: { N: '1' } } })
  })

  it('refuses an operation that DynamoDB does not have', () => {
    const { engine } = opened()
    expect(refusal(engine, 'Explode', {})).toEqual({ name: 'UnknownOperationException', message: '' })
  })
})

describe('time to live', () => {
  it('deletes items whose time has passed, and the stream says by whom', () => {
    const { engine, clock } = opened()
    engine.send('CreateTable', {
      ...table('Expiring', 'S'),
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'OLD_IMAGE' },
    })
    const now = clock.now() / 1_000
    const item = (pk: string, until: unknown) => ({ pk: { S: pk }, until })
    engine.send('PutItem', { TableName: 'Expiring', Item: item('before', { N: String(now + 5) }) })
    engine.send('UpdateTimeToLive', {
      TableName: 'Expiring',
      TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' },
    })
    engine.send('PutItem', { TableName: 'Expiring', Item: item('soon', { N: String(now + 10) }) })
    engine.send('PutItem', { TableName: 'Expiring', Item: item('later', { N: String(now + 3_600) }) })
    engine.send('PutItem', { TableName: 'Expiring', Item: item('text', { S: String(now) }) })
    engine.send('PutItem', { TableName: 'Expiring', Item: item('ancient', { N: String(now - 6 * 365 * 86_400) }) })
    const left = (): unknown[] =>
      (engine.send('Scan', { TableName: 'Expiring' })['Items'] as { pk: { S: string } }[]).map(({ pk }) => pk.S).sort()
    clock.advance(4_000)
    expect(left()).toEqual(['ancient', 'before', 'later', 'soon', 'text'])
    clock.advance(7_000)
    expect(left()).toEqual(['ancient', 'later', 'text'])
    const { StreamArn } = (engine.send('ListStreams', {})['Streams'] as { StreamArn: string }[])[0] as {
      StreamArn: string
    }
    const { Shards } = engine.send('DescribeStream', { StreamArn })['StreamDescription'] as {
      Shards: { ShardId: string }[]
    }
    const { ShardIterator } = engine.send('GetShardIterator', {
      StreamArn,
      ShardId: Shards[0]?.ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    })
    const records = engine.send('GetRecords', { ShardIterator })['Records'] as {
      eventName: string
      userIdentity?: unknown
    }[]
    expect(records.filter(({ eventName }) => eventName === 'REMOVE').map(({ userIdentity }) => userIdentity)).toEqual([
      { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
      { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
    ])
  })

  it('deletes after a restart what expired meanwhile', () => {
    const path = temporaryFolder()
    const clock = manualClock()
    const description = definition()
    const put = (tables: ReturnType<typeof engineIn>['tables']): void =>
      tables.put({
        arn: arn('Expiring'),
        tableName: 'Expiring',
        description,
        timeToLive: { AttributeName: 'until', Enabled: true },
      })
    const first = engineIn(openDataFolder(path), clock)
    put(first.tables)
    first.engine.send('PutItem', {
      TableName: 'Expiring',
      Item: { pk: { S: 'a' }, until: { N: String(clock.now() / 1_000 + 5) } },
    })
    first.close()
    clock.advance(60_000)
    const second = engineIn(openDataFolder(path), clock)
    closing.push(second.close)
    put(second.tables)
    clock.advance(0)
    expect(second.engine.send('Scan', { TableName: 'Expiring' })['Count']).toBe(0)
  })
})

describe('a stream', () => {
  const streamed = () => {
    const { engine, clock } = opened()
    engine.send('CreateTable', {
      ...table('Streamed', 'S'),
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    })
    const { StreamArn } = (engine.send('ListStreams', {})['Streams'] as { StreamArn: string }[])[0] as {
      StreamArn: string
    }
    const put = (pk: string): void => void engine.send('PutItem', { TableName: 'Streamed', Item: { pk: { S: pk } } })
    const shards = (): { ShardId: string; ParentShardId?: string; SequenceNumberRange: Record<string, string> }[] =>
      (engine.send('DescribeStream', { StreamArn })['StreamDescription'] as { Shards: never[] }).Shards
    const iterator = (ShardId: unknown, ShardIteratorType = 'TRIM_HORIZON', more = {}): unknown =>
      engine.send('GetShardIterator', { StreamArn, ShardId, ShardIteratorType, ...more })['ShardIterator']
    const keys = (ShardIterator: unknown): unknown[] =>
      (engine.send('GetRecords', { ShardIterator })['Records'] as { dynamodb: { Keys: { pk: { S: string } } } }[]).map(
        ({ dynamodb }) => dynamodb.Keys.pk.S,
      )
    return { engine, clock, StreamArn, put, shards, iterator, keys }
  }

  it('goes on in another shard after four hours, and says which', () => {
    const { engine, clock, put, shards, iterator, keys } = streamed()
    put('a')
    clock.advance(5 * 3_600_000)
    put('b')
    const [first, second] = shards()
    expect([
      shards().length,
      second?.ParentShardId,
      first?.SequenceNumberRange['EndingSequenceNumber']?.length,
    ]).toEqual([2, first?.ShardId, 21])
    expect([keys(iterator(first?.ShardId)), keys(iterator(second?.ShardId))]).toEqual([['a'], ['b']])
    expect(engine.send('GetRecords', { ShardIterator: iterator(first?.ShardId) })['NextShardIterator']).toBeUndefined()
  })

  it('forgets after 24 hours', () => {
    const { clock, put, shards, iterator, keys } = streamed()
    put('a')
    const [shard] = shards()
    clock.advance(24 * 3_600_000 + 1)
    expect(keys(iterator(shard?.ShardId))).toEqual([])
  })

  it('goes on after and at a sequence number', () => {
    const { engine, put, shards, iterator, keys } = streamed()
    for (const pk of ['a', 'b', 'c']) put(pk)
    const [shard] = shards()
    const records = engine.send('GetRecords', { ShardIterator: iterator(shard?.ShardId) })['Records'] as {
      dynamodb: { SequenceNumber: string }
    }[]
    const SequenceNumber = records[1]?.dynamodb.SequenceNumber
    expect([
      keys(iterator(shard?.ShardId, 'AT_SEQUENCE_NUMBER', { SequenceNumber })),
      keys(iterator(shard?.ShardId, 'AFTER_SEQUENCE_NUMBER', { SequenceNumber })),
    ]).toEqual([['b', 'c'], ['c']])
  })

  it('is not read with an iterator older than 15 minutes', () => {
    const { engine, clock, shards, iterator } = streamed()
    const ShardIterator = iterator(shards()[0]?.ShardId)
    clock.advance(15 * 60_000 + 1)
    expect(refusal(engine, 'GetRecords', { ShardIterator }).name).toBe('ExpiredIteratorException')
  })

  it('is read on with a limit', () => {
    const { engine, put, shards, iterator, keys } = streamed()
    for (const pk of ['a', 'b', 'c']) put(pk)
    const first = engine.send('GetRecords', { ShardIterator: iterator(shards()[0]?.ShardId), Limit: 2 })
    expect(keys(first['NextShardIterator'])).toEqual(['c'])
  })

  it('has nothing of a transaction that did not happen', () => {
    const { engine, put, shards, iterator, keys } = streamed()
    put('there')
    refusal(engine, 'TransactWriteItems', {
      TransactItems: [
        { Put: { TableName: 'Streamed', Item: { pk: { S: 'never' } } } },
        {
          ConditionCheck: {
            TableName: 'Streamed',
            Key: { pk: { S: 'there' } },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
    })
    expect(keys(iterator(shards()[0]?.ShardId))).toEqual(['there'])
  })

  it('of another account is not found', () => {
    const { engine, StreamArn } = streamed()
    expect(
      refusal(engine, 'DescribeStream', { StreamArn }, { accountId: '111111111111', region: 'us-east-1' }).name,
    ).toBe('ResourceNotFoundException')
  })
})

describe('a client request token', () => {
  it('is forgotten after ten minutes', () => {
    const { engine, clock } = opened()
    engine.send('CreateTable', table('Once', 'S'))
    const add = (): void =>
      void engine.send('TransactWriteItems', {
        ClientRequestToken: 'token',
        TransactItems: [
          {
            Update: {
              TableName: 'Once',
              Key: { pk: { S: 'a' } },
              UpdateExpression: 'ADD n :v',
              ExpressionAttributeValues: { ':v': { N: '1' } },
            },
          },
        ],
      })
    add()
    add()
    clock.advance(10 * 60_000 + 1)
    add()
    expect(engine.send('GetItem', { TableName: 'Once', Key: { pk: { S: 'a' } } })['Item']).toEqual({
      pk: { S: 'a' },
      n: { N: '2' },
    })
  })
})

describe('capacity', () => {
  const indexed = () => {
    const { engine } = opened()
    engine.send(
      'CreateTable',
      table('Units', 'SS', {
        AttributeDefinitions: ['g', 'l'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        GlobalSecondaryIndexes: [
          globalIndex('inc', 'g', undefined, { ProjectionType: 'INCLUDE', NonKeyAttributes: ['proj'] }),
        ],
        LocalSecondaryIndexes: [globalIndex('lsi', 'pk', 'l')],
      }),
    )
    const key = { pk: { S: 'a' }, sk: { S: '1' } }
    engine.send('PutItem', {
      TableName: 'Units',
      Item: { ...key, g: { S: 'g' }, l: { S: 'l' }, proj: { S: 'p' }, extra: { S: 'o' } },
    })
    return (UpdateExpression: string): unknown => {
      const { ConsumedCapacity } = engine.send('UpdateItem', {
        TableName: 'Units',
        Key: key,
        UpdateExpression,
        ...(UpdateExpression.startsWith('SET') ? { ExpressionAttributeValues: { ':v': { S: 'new' } } } : {}),
        ReturnConsumedCapacity: 'INDEXES',
      }) as { ConsumedCapacity: Record<string, unknown> }
      const { TableName: _, ...units } = ConsumedCapacity
      return units
    }
  }
  it.each([
    ['SET extra = :v', { CapacityUnits: 2, lsi: 1 }],
    ['SET proj = :v', { CapacityUnits: 3, inc: 1, lsi: 1 }],
    ['SET g = :v', { CapacityUnits: 4, inc: 2, lsi: 1 }],
    ['REMOVE g', { CapacityUnits: 3, inc: 1, lsi: 1 }],
    ['SET l = :v', { CapacityUnits: 3, lsi: 2 }],
  ] as [string, { CapacityUnits: number; inc?: number; lsi?: number }][])(
    'of %s is told by index',
    (expression, { CapacityUnits, inc, lsi }) =>
      expect(indexed()(expression)).toEqual({
        CapacityUnits,
        Table: { CapacityUnits: 1 },
        ...(inc === undefined ? {} : { GlobalSecondaryIndexes: { inc: { CapacityUnits: inc } } }),
        ...(lsi === undefined ? {} : { LocalSecondaryIndexes: { lsi: { CapacityUnits: lsi } } }),
      }),
  )
})
