import { validationError } from '../errors.ts'
import { readExpressions } from '../expressionParameters.ts'
import type { Range } from '../itemStore.ts'
import { segmentStart } from '../keyEncoding.ts'
import { positionOf } from '../pages.ts'
import type { Operation } from './context.ts'
import { checkStartKey, readStartKey } from './query.ts'
import { answerPage, checkSelect, namedIndex } from './readRange.ts'

export const scan: Operation = ({ tables }, input, scope) => {
  const given = input['ExclusiveStartKey']
  const startKey = given === undefined || given === null ? undefined : readStartKey(given)
  const segment = input['Segment'] as number | undefined | null
  const totalSegments = input['TotalSegments'] as number | undefined | null
  checkSegments(segment, totalSegments)
  const expressions = readExpressions(input, ['ProjectionExpression', 'FilterExpression'])
  const table = tables.open(scope, input['TableName'] as string)
  const index = namedIndex(table, input)
  checkSelect(input, index, expressions)
  const range: Range = {}
  if (typeof segment === 'number' && typeof totalSegments === 'number') {
    const from = segmentStart(segment, totalSegments)
    const to = segmentStart(segment + 1, totalSegments)
    if (from !== undefined) range.from = from
    if (to !== undefined) range.to = to
  }
  if (startKey !== undefined) {
    checkStartKey(table, index, startKey)
    const position = positionOf(table, index, startKey)
    const outside =
      (range.from !== undefined && Buffer.compare(position.h, range.from) < 0) ||
      (range.to !== undefined && Buffer.compare(position.h, range.to) >= 0)
    if (outside)
      throw validationError(
        `The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: ${totalSegments} Segment: ${segment}`,
      )
    range.after = position
  }
  return answerPage(table, index, range, input, expressions)
}

function checkSegments(segment: number | undefined | null, totalSegments: number | undefined | null): void {
  const none = (value: unknown): boolean => value === undefined || value === null
  if (!none(segment) && none(totalSegments))
    throw validationError(
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    )
  if (none(totalSegments)) return
  if (none(segment))
    throw validationError(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    )
  if ((segment as number) >= (totalSegments as number))
    throw validationError(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${totalSegments}`,
    )
}
