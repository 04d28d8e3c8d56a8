import { failure, mismatch, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { formatInstant } from './time/format.ts'
import { ParseError, parseInstant } from './time/parse.ts'
import { PatternError } from './time/pattern.ts'
import { type Zone, ZoneError, zoneOf } from './time/zone.ts'
import { isAbsent, numberOf } from './values.ts'

/** Instants that a JavaScript Date can hold. */
const MAX_INSTANT = 8.64e15

/** Steps of formatting or parsing: asking for the offset of a zone takes some microseconds. */
const FORMAT_COST = 200

const UTC: Zone = zoneOf('Z')

/** Runs with java.time's own words for what it refuses. */
function worded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ParseError || error instanceof PatternError || error instanceof ZoneError)
      throw failure(error.message)
    throw error
  }
}

function instant(value: unknown): number | undefined {
  const number = numberOf(value)
  if (number === undefined) return undefined
  if (!(Math.abs(number) <= MAX_INSTANT)) throw failure('Instant exceeds minimum or maximum instant')
  return Math.floor(number)
}

function zoneArgument(value: unknown): Zone | undefined {
  if (isAbsent(value)) return UTC
  return typeof value === 'string' ? zoneOf(value) : undefined
}

function format(environment: UtilEnvironment, time: number | undefined, pattern: unknown, zoneId: unknown): unknown {
  if (time === undefined || typeof pattern !== 'string') return mismatch(environment)
  environment.charge(FORMAT_COST + pattern.length)
  return worded(() => {
    const zone = zoneArgument(zoneId)
    if (zone === undefined) return mismatch(environment)
    const text = formatInstant(time, pattern, zone)
    environment.allocate(text.length)
    return text
  })
}

const parseFormattedToEpochMilliSeconds: UtilFunction = (environment, args) => {
  const [text, pattern, zoneId] = args
  if (args.length > 3 || typeof text !== 'string' || typeof pattern !== 'string') return mismatch(environment)
  environment.charge(FORMAT_COST + text.length + pattern.length)
  return worded(() => {
    const zone = zoneArgument(zoneId)
    return zone === undefined ? mismatch(environment) : parseInstant(text, pattern, zone)
  })
}

const ISO =
  /^([+-]?\d{4,9})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)(?:\[[^\]]*\])?$/i

/** ISO 8601 with an offset, as ISO_DATE_TIME reads it; fractions beyond milliseconds are cut off. */
function parseIso(text: string): number {
  const found = ISO.exec(text)
  if (found === null) throw new ParseError(`Text '${text.slice(0, 64)}' could not be parsed at index 0`)
  const [, year, month, day, hour, minute, second, fraction, offset] = found
  const normal = `${year}-${month}-${day} ${hour}:${minute}:${second ?? '00'}`
  const zone = zoneOf((offset as string).toUpperCase())
  const pattern = (year as string).length > 4 ? 'uuuuu-MM-dd HH:mm:ss' : 'uuuu-MM-dd HH:mm:ss'
  return parseInstant(normal, pattern, zone) + Number((fraction ?? '').padEnd(3, '0').slice(0, 3))
}

const parseISO8601ToEpochMilliSeconds: UtilFunction = (environment, args) => {
  const [text] = args
  if (args.length !== 1 || typeof text !== 'string') return mismatch(environment)
  environment.charge(FORMAT_COST + text.length)
  return worded(() => parseIso(text))
}

function toIso(time: number): string {
  return new Date(time).toISOString()
}

export const time = {
  nowISO8601: (environment) => toIso(environment.now()),
  nowEpochSeconds: (environment) => Math.floor(environment.now() / 1000),
  nowEpochMilliSeconds: (environment) => environment.now(),
  nowFormatted: (environment, [pattern, zoneId]) => format(environment, environment.now(), pattern, zoneId),
  parseFormattedToEpochMilliSeconds,
  parseISO8601ToEpochMilliSeconds,
  epochMilliSecondsToSeconds: (environment, args) => {
    const value = args.length === 1 ? instant(args[0]) : undefined
    return value === undefined ? mismatch(environment) : Math.floor(value / 1000)
  },
  epochMilliSecondsToISO8601: (environment, args) => {
    const value = args.length === 1 ? instant(args[0]) : undefined
    return value === undefined ? mismatch(environment) : toIso(value)
  },
  epochMilliSecondsToFormatted: (environment, [value, pattern, zoneId]) =>
    format(environment, instant(value), pattern, zoneId),
} satisfies Record<string, UtilFunction>
