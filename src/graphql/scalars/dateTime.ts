import { textCoercion } from './coercion.ts'

const DATE = '(-?\\d{4})-(\\d{2})-(\\d{2})'
const TIME = '(\\d{2}):(\\d{2})(?::(\\d{2})(?:\\.\\d{1,9})?)?'
const OFFSET = '(Z|[+-]\\d{2}:\\d{2}(?::\\d{2})?)'

const datePattern = new RegExp(`^${DATE}${OFFSET}?$`)
const timePattern = new RegExp(`^${TIME}${OFFSET}?$`)
const dateTimePattern = new RegExp(`^${DATE}T${TIME}${OFFSET}$`)

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** Largest offset that Java's ZoneOffset knows: 18 hours. */
const MAX_OFFSET_SECONDS = 18 * 3600

function isCalendarDay(year: string, month: string, day: string): boolean {
  const y = Number(year)
  const m = Number(month)
  const d = Number(day)
  if (m < 1 || m > 12 || d < 1) return false
  const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0)
  return d <= (m === 2 && leap ? 29 : (DAYS_IN_MONTH[m - 1] ?? 0))
}

function isClockTime(hour: string, minute: string, second: string | undefined): boolean {
  return Number(hour) < 24 && Number(minute) < 60 && (second === undefined || Number(second) < 60)
}

function isOffset(offset: string | undefined): boolean {
  if (offset === undefined || offset === 'Z') return true
  const [hours = 0, minutes = 0, seconds = 0] = offset.slice(1).split(':').map(Number)
  return minutes < 60 && seconds < 60 && hours * 3600 + minutes * 60 + seconds <= MAX_OFFSET_SECONDS
}

/** `YYYY-MM-DD` with an optional offset; years may be negative. */
export function isDate(text: string): boolean {
  const match = datePattern.exec(text)
  return match !== null && isCalendarDay(match[1] ?? '', match[2] ?? '', match[3] ?? '') && isOffset(match[4])
}

/** `hh:mm[:ss[.SSSSSSSSS]]` with an optional offset. */
export function isTime(text: string): boolean {
  const match = timePattern.exec(text)
  return match !== null && isClockTime(match[1] ?? '', match[2] ?? '', match[3]) && isOffset(match[4])
}

/** `YYYY-MM-DDThh:mm[:ss[.SSSSSSSSS]]` with an offset. */
export function isDateTime(text: string): boolean {
  const match = dateTimePattern.exec(text)
  return (
    match !== null &&
    isCalendarDay(match[1] ?? '', match[2] ?? '', match[3] ?? '') &&
    isClockTime(match[4] ?? '', match[5] ?? '', match[6]) &&
    isOffset(match[7])
  )
}

export const awsDate = textCoercion(isDate, 'date', 'Date Object')
export const awsTime = textCoercion(isTime, 'time', 'Time Object')
export const awsDateTime = textCoercion(isDateTime, 'DateTime', 'DateTime Object')
