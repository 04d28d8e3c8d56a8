/** A moment; `nanos` is the part below a millisecond. */
export interface Instant {
  /** Milliseconds since the epoch. */
  milliseconds: number
  /** 0–999,999. */
  nanos: number
}

const OFFSET_DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d{2}):(\d{2})(?::(\d{2}))?)$/

/** Parses an ISO 8601 date-time with an offset, to the nanosecond; undefined for any other text. */
export function parseTimestamp(text: string): Instant | undefined {
  const match = OFFSET_DATE_TIME.exec(text)
  if (!match) return undefined
  const number = (at: number): number => Number(match[at] ?? 0)
  const [year, month, day, hour, minute, second] = [number(1), number(2), number(3), number(4), number(5), number(6)]
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined
  if (day < 1 || day > daysOf(year, month)) return undefined
  const [offsetHours, offsetMinutes, offsetSeconds] = [number(9), number(10), number(11)]
  if (offsetHours > 18 || offsetMinutes > 59 || offsetSeconds > 59) return undefined
  const offset = (match[8] === '-' ? -1 : 1) * (offsetHours * 3600 + offsetMinutes * 60 + offsetSeconds)
  const fraction = (match[7] ?? '').padEnd(9, '0')
  const date = new Date(0)
  // Years before 100 mean themselves here, not the 1900s.
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, 0)
  return {
    milliseconds: date.getTime() - offset * 1000 + Number(fraction.slice(0, 3)),
    nanos: Number(fraction.slice(3)),
  }
}

function daysOf(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
}

/** Negative when the first is earlier, 0 for the same moment. */
export function compareInstants(left: Instant, right: Instant): number {
  return left.milliseconds - right.milliseconds || left.nanos - right.nanos
}
