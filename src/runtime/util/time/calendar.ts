/** Fields of a local date and time in the proleptic ISO calendar. */
export interface LocalFields {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  milli: number
  /** 1 is Monday. */
  dayOfWeek: number
  dayOfYear: number
}

export const DAY = 86_400_000

export function fieldsOf(localMilliseconds: number): LocalFields {
  const date = new Date(localMilliseconds)
  const year = date.getUTCFullYear()
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    milli: date.getUTCMilliseconds(),
    dayOfWeek: date.getUTCDay() || 7,
    dayOfYear: Math.floor((localMilliseconds - utc(year, 1, 1)) / DAY) + 1,
  }
}

/** Like Date.UTC, also for the years 0 to 99. */
export function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, milli = 0): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, milli)
  return date.getTime()
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

export function daysIn(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Week and week year as in the United States: weeks begin on Sunday, and the first has one day of the year. */
export function weekOf(fields: LocalFields): { week: number; weekYear: number } {
  // The Saturday that ends the week decides its year.
  const untilSaturday = (6 - (fields.dayOfWeek % 7) + 7) % 7
  const saturday = fieldsOf(utc(fields.year, fields.month, fields.day) + untilSaturday * DAY)
  return { week: Math.floor((saturday.dayOfYear - 1) / 7) + 1, weekYear: saturday.year }
}

export function weekOfMonth(fields: LocalFields): number {
  const firstDay = ((fields.dayOfWeek % 7) - (fields.day - 1)) % 7
  return Math.floor((fields.day - 1 + ((firstDay + 7) % 7)) / 7) + 1
}
