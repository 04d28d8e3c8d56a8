import { createHash } from 'node:crypto'
import { parseArn, type Scope } from '../../../aws/arn.ts'
import { AwsError } from '../../../aws/errors.ts'
import { validationError } from '../errors.ts'
import type { Shard, StoredRecord, Stream } from '../streams.ts'
import { tableArn } from '../tables.ts'
import type { Context, Operation, Output } from './context.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html */
const MAX_LISTED = 100
const MAX_RECORDS = 1_000
const MAX_RECORDS_BYTES = 1_024 * 1_024
const ITERATOR_LIFE_MS = 15 * 60 * 1_000

const PURPOSE = 'dynamodb shard iterator'

/** Where an iterator stands. */
interface Position {
  stream: string
  shard: string
  sequence: number
  /** Milliseconds since the epoch. */
  until: number
}

export const listStreams: Operation = ({ streams }, input, scope) => {
  const limit = Math.min(typeof input['Limit'] === 'number' ? input['Limit'] : MAX_LISTED, MAX_LISTED)
  const tableName = input['TableName']
  const all = streams.list(tableArn(scope, ''), typeof tableName === 'string' ? tableName : undefined)
  const start = input['ExclusiveStartStreamArn']
  const rest = typeof start === 'string' ? all.slice(all.findIndex(({ arn }) => arn === start) + 1) : all
  const page = rest.slice(0, limit)
  return {
    Streams: page.map(({ arn, tableName: name, label }) => ({ StreamArn: arn, TableName: name, StreamLabel: label })),
    ...(rest.length > page.length ? { LastEvaluatedStreamArn: page.at(-1)?.arn } : {}),
  }
}

export const describeStream: Operation = (context, input, scope) => {
  const stream = findStream(context, input['StreamArn'] as string, scope)
  const limit = Math.min(typeof input['Limit'] === 'number' ? input['Limit'] : MAX_LISTED, MAX_LISTED)
  const start = input['ExclusiveStartShardId']
  const filter = input['ShardFilter'] as { Type?: string; ShardId?: string } | undefined | null
  const shards = context.streams
    .shards(stream)
    .filter(({ parent }) => filter?.Type !== 'CHILD_SHARDS' || parent === filter.ShardId)
  const rest =
    typeof start === 'string' ? shards.slice(shards.findIndex(({ shardId }) => shardId === start) + 1) : shards
  const page = rest.slice(0, limit)
  return {
    StreamDescription: {
      StreamArn: stream.arn,
      StreamLabel: stream.label,
      StreamStatus: stream.disabledAt === null ? 'ENABLED' : 'DISABLED',
      StreamViewType: stream.viewType,
      CreationRequestDateTime: stream.createdAt / 1_000,
      TableName: stream.tableName,
      KeySchema: JSON.parse(stream.keySchema) as unknown,
      Shards: page.map((shard) => ({
        ShardId: shard.shardId,
        SequenceNumberRange: {
          StartingSequenceNumber: sequenceText(shard.start),
          ...(shard.end === null ? {} : { EndingSequenceNumber: sequenceText(shard.end) }),
        },
        ...(shard.parent === null ? {} : { ParentShardId: shard.parent }),
      })),
      ...(rest.length > page.length ? { LastEvaluatedShardId: page.at(-1)?.shardId } : {}),
    },
  }
}

export const getShardIterator: Operation = (context, input, scope) => {
  const stream = findStream(context, input['StreamArn'] as string, scope)
  const shard = context.streams.shard(stream, input['ShardId'] as string)
  if (shard === undefined)
    throw new AwsError('ResourceNotFoundException', `Requested resource not found: Shard does not exist`)
  return { ShardIterator: iteratorAt(context, stream, shard, startOf(context, shard, input)) }
}

function startOf({ streams }: Context, shard: Shard, input: Readonly<Record<string, unknown>>): number {
  const given = input['SequenceNumber']
  switch (input['ShardIteratorType']) {
    case 'TRIM_HORIZON':
      return shard.start
    case 'LATEST':
      return shard.end === null ? streams.nextSequence() : shard.end + 1
    default: {
      if (typeof given !== 'string')
        throw validationError(
          'Invalid SequenceNumber: a SequenceNumber is required for the types AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER',
        )
      const sequence = sequenceOf(given)
      if (sequence === undefined || sequence < shard.start || (shard.end !== null && sequence > shard.end))
        throw validationError('Invalid SequenceNumber: it is not within the range of the shard')
      const [first] = streams.records(shard, shard.start, 1)
      if (first !== undefined && sequence < first.sequence && sequence !== shard.start)
        throw new AwsError(
          'TrimmedDataAccessException',
          'The operation attempted to read past the oldest stream record in a shard.',
        )
      return input['ShardIteratorType'] === 'AFTER_SEQUENCE_NUMBER' ? sequence + 1 : sequence
    }
  }
}

export const getRecords: Operation = (context, input, scope) => {
  const limit = typeof input['Limit'] === 'number' ? input['Limit'] : MAX_RECORDS
  if (limit > MAX_RECORDS)
    throw validationError(
      `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to ${MAX_RECORDS}`,
    )
  const position = readIterator(context, input['ShardIterator'] as string)
  const stream = findStream(context, position.stream, scope)
  const shard = context.streams.shard(stream, position.shard)
  if (shard === undefined)
    throw new AwsError(
      'TrimmedDataAccessException',
      'The operation attempted to read past the oldest stream record in a shard.',
    )
  const found = context.streams.records(shard, position.sequence, limit)
  const records: StoredRecord[] = []
  let bytes = 0
  for (const record of found) {
    bytes += record.body.length
    if (records.length > 0 && bytes > MAX_RECORDS_BYTES) break
    records.push(record)
  }
  const next = (records.at(-1)?.sequence ?? position.sequence - 1) + 1
  const ended = shard.end !== null && next > shard.end
  const drained = shard.end !== null && records.length === 0
  return {
    Records: records.map((record) => recordOf(record, stream, scope)),
    ...(ended || drained ? {} : { NextShardIterator: iteratorAt(context, stream, shard, next) }),
  }
}

function recordOf({ sequence, at, body }: StoredRecord, stream: Stream, { region }: Scope): Output {
  const { eventName, dynamodb, userIdentity } = JSON.parse(body) as {
    eventName: string
    dynamodb: Output
    userIdentity?: Output
  }
  return {
    eventID: createHash('md5').update(`${stream.arn}\0${sequence}`).digest('hex'),
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(at / 1_000),
      ...dynamodb,
      SequenceNumber: sequenceText(sequence),
      StreamViewType: stream.viewType,
    },
    ...(userIdentity === undefined ? {} : { userIdentity }),
  }
}

function findStream({ streams }: Context, arn: string, { accountId, region }: Scope): Stream {
  const parsed = parseArn(arn)
  const stream = parsed?.accountId === accountId && parsed.region === region ? streams.find(arn) : undefined
  if (stream === undefined)
    throw new AwsError('ResourceNotFoundException', `Requested resource not found: Stream: ${arn} not found`)
  return stream
}

function iteratorAt({ pageTokens, clock }: Context, stream: Stream, shard: Shard, sequence: number): string {
  const position: Position = {
    stream: stream.arn,
    shard: shard.shardId,
    sequence,
    until: clock.now() + ITERATOR_LIFE_MS,
  }
  return `${stream.arn}|1|${pageTokens.seal(position, PURPOSE)}`
}

function readIterator({ pageTokens, clock }: Context, iterator: string): Position {
  const position = pageTokens.open(iterator.slice(iterator.lastIndexOf('|') + 1), PURPOSE) as Position | undefined
  if (position === undefined) throw validationError('Invalid ShardIterator')
  if (position.until <= clock.now())
    throw new AwsError(
      'ExpiredIteratorException',
      'Iterator expired. The iterator was created more than 15 minutes ago.',
    )
  return position
}

/** Sequence numbers have at least 21 digits. */
function sequenceText(sequence: number): string {
  return `1${String(sequence).padStart(20, '0')}`
}

function sequenceOf(text: string): number | undefined {
  return /^1[0-9]{20}$/.test(text) ? Number(text.slice(1)) : undefined
}
