import { type Item, numberOf } from './attributeValue.ts'

/** DynamoDB leaves items alone that expired longer ago: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html */
export const MAX_AGE_SECONDS = 5 * 365 * 24 * 60 * 60

/** When an item expires, in seconds since the epoch; null when its attribute is missing or no number. */
export function expiryOf(item: Item, attribute: string): number | null {
  const seconds = numberOf(Object.hasOwn(item, attribute) ? item[attribute] : undefined)
  if (seconds === undefined) return null
  const at = Math.floor(Number(seconds))
  return Number.isSafeInteger(at) && at > 0 ? at : null
}
