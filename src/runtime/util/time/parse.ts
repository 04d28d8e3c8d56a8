import { daysIn, isLeapYear, utc } from './calendar.ts'
import { DAYS, MONTHS, QUARTERS, styled } from './names.ts'
import { type Element, parsePattern } from './pattern.ts'
import { fixedZone, instantOf, type Zone, ZoneError, zoneOf } from './zone.ts'

/** A text that does not fit its pattern, worded as java.time's DateTimeParseException. */
export class ParseError extends Error {}

interface Parsed {
  numbers: Map<string, number>
  zone: Zone | undefined
}

/**
 * The instant of a text, read with a DateTimeFormatter pattern. An offset or zone in the text counts; otherwise the given
 * zone does.
 */
export function parseInstant(text: string, pattern: string, zone: Zone): number {
  const elements = parsePattern(pattern)
  const state: Parsed = { numbers: new Map(), zone: undefined }
  const end = parseAll(elements, text, 0, state)
  if (end < 0) throw new ParseError(`Text '${shown(text)}' could not be parsed at index ${-1 - end}`)
  if (end < text.length)
    throw new ParseError(`Text '${shown(text)}' could not be parsed, unparsed text found at index ${end}`)
  return resolve(text, state, zone)
}

function shown(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}...` : text
}

/** The position after the elements, or -1 - the position of the error. */
function parseAll(elements: Element[], text: string, start: number, state: Parsed): number {
  let position = start
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] as Element
    position = parseElement(element, text, position, state, adjacentDigits(elements, index))
    if (position < 0) return position
  }
  return position
}

/** Digits that directly following numeric elements of fixed width need: `yyyyMMdd` leaves four for `MMdd`. */
function adjacentDigits(elements: Element[], index: number): number {
  let digits = 0
  for (let next = index + 1; next < elements.length; next++) {
    const element = elements[next] as Element
    if (element.type !== 'letter' || !isFixedNumber(element)) break
    digits += element.count
  }
  return digits
}

function isFixedNumber({ letter, count }: { letter: string; count: number }): boolean {
  if (letter === 'S') return true
  if ('MLQqec'.includes(letter)) return count === 2
  return 'dHhkKmsDw'.includes(letter) && count >= 2
}

function parseElement(element: Element, text: string, position: number, state: Parsed, reserved: number): number {
  if (element.type === 'literal')
    return text.startsWith(element.text, position) ? position + element.text.length : -1 - position
  if (element.type === 'optional') {
    const attempt: Parsed = { numbers: new Map(state.numbers), zone: state.zone }
    const end = parseAll(element.elements, text, position, attempt)
    if (end < 0) return position
    state.numbers = attempt.numbers
    state.zone = attempt.zone
    return end
  }
  if (element.type === 'pad') {
    let start = position
    while (text[start] === ' ' && start < position + element.width - 1) start++
    const end = parseElement(element.element, text, start, state, 0)
    return end >= 0 && end !== position + element.width ? -1 - position : end
  }
  return letter(element.letter, element.count, text, position, state, reserved)
}

function letter(name: string, count: number, text: string, position: number, state: Parsed, reserved: number): number {
  switch (name) {
    case 'G': {
      const names = count === 4 ? ['Before Christ', 'Anno Domini'] : count === 5 ? ['B', 'A'] : ['BC', 'AD']
      return oneOf(names, 0, name, text, position, state)
    }
    case 'u':
    case 'y':
    case 'Y':
      return year(name, count, text, position, state, reserved)
    case 'M':
    case 'L':
      if (count >= 3)
        return oneOf(
          MONTHS.map((month) => styled(month, count)),
          1,
          'M',
          text,
          position,
          state,
        )
      return digits('M', count, 2, text, position, state)
    case 'Q':
    case 'q':
      if (count === 3) return oneOf(['Q1', 'Q2', 'Q3', 'Q4'], 1, 'Q', text, position, state)
      return count === 4 ? oneOf(QUARTERS, 1, 'Q', text, position, state) : digits('Q', count, 1, text, position, state)
    case 'E':
    case 'e':
    case 'c':
      if (name !== 'E' && count <= 2) return digits('e', count, 2, text, position, state)
      return oneOf(
        DAYS.map((day) => styled(day, Math.max(count, 3))),
        1,
        'E',
        text,
        position,
        state,
      )
    case 'a':
      return oneOf(['AM', 'PM'], 0, 'a', text, position, state)
    case 'S': {
      const found = new RegExp(`^\\d{${count}}`).exec(text.slice(position, position + 9))
      if (found === null) return -1 - position
      state.numbers.set('n', Number(found[0].padEnd(9, '0')))
      return position + count
    }
    case 'V':
    case 'z':
    case 'v':
    case 'O':
    case 'X':
    case 'x':
    case 'Z':
      return zone(name, count, text, position, state)
    case 'D':
      return digits(name, count, 3, text, position, state)
    case 'A':
    case 'n':
    case 'N':
      return digits(name, count, 19, text, position, state)
    default:
      return digits(name, count, 2, text, position, state)
  }
}

function oneOf(names: string[], base: number, key: string, text: string, position: number, state: Parsed): number {
  let best = -1
  names.forEach((name, index) => {
    if (text.startsWith(name, position) && (best < 0 || name.length > (names[best] as string).length)) best = index
  })
  if (best < 0) return -1 - position
  state.numbers.set(key, best + base)
  return position + (names[best] as string).length
}

/** One letter takes as many digits as the field can have, several exactly their number. */
function digits(key: string, count: number, max: number, text: string, position: number, state: Parsed): number {
  const limit = count === 1 ? max : Math.max(count, max > 2 ? max : count)
  let end = position
  while (end < position + limit && isDigit(text, end)) end++
  if (end - position < count) return -1 - position
  state.numbers.set(key, Number(text.slice(position, end)))
  return end
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code >= 48 && code <= 57
}

function year(name: string, count: number, text: string, position: number, state: Parsed, reserved: number): number {
  let start = position
  const sign = text[position]
  if (sign === '-' || (sign === '+' && count >= 4)) start++
  let available = start
  while (isDigit(text, available) && available - start < 19) available++
  if (count === 2) {
    if (available - start < 2 || start !== position) return -1 - position
    // Two digits are a year from 2000 to 2099.
    state.numbers.set(name, 2000 + Number(text.slice(start, start + 2)))
    return start + 2
  }
  const length = Math.max(count, available - start - reserved)
  if (available - start < length) return -1 - position
  // Without a sign, no more digits than letters.
  if (count >= 4 && sign !== '+' && sign !== '-' && length > count) return -1 - position
  const value = Number(text.slice(start, start + length))
  state.numbers.set(name, sign === '-' ? -value : value)
  return start + length
}

const OFFSETS: Record<string, RegExp> = {
  X1: /^(?:Z|([+-])(\d{2})(\d{2})?)/,
  X2: /^(?:Z|([+-])(\d{2})(\d{2}))/,
  X3: /^(?:Z|([+-])(\d{2}):(\d{2}))/,
  X4: /^(?:Z|([+-])(\d{2})(\d{2})(\d{2})?)/,
  X5: /^(?:Z|([+-])(\d{2}):(\d{2})(?::(\d{2}))?)/,
  Z1: /^([+-])(\d{2})(\d{2})/,
  Z5: /^(?:Z|([+-])(\d{2}):(\d{2})(?::(\d{2}))?)/,
  O: /^GMT(?:([+-])(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?)?/,
}

function zone(name: string, count: number, text: string, position: number, state: Parsed): number {
  const rest = text.slice(position, position + 60)
  if (name === 'V' || name === 'z' || name === 'v') {
    const found = /^[A-Za-z][A-Za-z0-9~/._+-]*|^[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?/.exec(rest)
    if (found === null) return -1 - position
    try {
      state.zone = zoneOf(found[0])
    } catch (error) {
      if (error instanceof ZoneError) return -1 - position
      throw error
    }
    return position + found[0].length
  }
  const key =
    name === 'O' || (name === 'Z' && count === 4) ? 'O' : name === 'Z' ? (count === 5 ? 'Z5' : 'Z1') : `X${count}`
  const found = (OFFSETS[key] as RegExp).exec(rest)
  if (found === null || (found[0] === 'Z' && name === 'x')) return -1 - position
  const seconds = Number(found[2] ?? 0) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4] ?? 0)
  if (seconds > 18 * 3600) return -1 - position
  state.zone = fixedZone(found[1] === '-' ? -seconds : seconds)
  return position + found[0].length
}

/** Ranges that java.time checks, with the field's name. */
const RANGES: [key: string, name: string, min: number, max: number][] = [
  ['M', 'MonthOfYear', 1, 12],
  ['d', 'DayOfMonth', 1, 31],
  ['D', 'DayOfYear', 1, 366],
  ['H', 'HourOfDay', 0, 23],
  ['k', 'ClockHourOfDay', 1, 24],
  ['h', 'ClockHourOfAmPm', 1, 12],
  ['K', 'HourOfAmPm', 0, 11],
  ['m', 'MinuteOfHour', 0, 59],
  ['s', 'SecondOfMinute', 0, 59],
]

function resolve(text: string, { numbers, zone: parsedZone }: Parsed, given: Zone): number {
  for (const [key, name, min, max] of RANGES) {
    const value = numbers.get(key)
    if (value !== undefined && (value < min || value > max)) {
      throw new ParseError(
        `Text '${shown(text)}' could not be parsed: Invalid value for ${name} (valid values ${min} - ${max}): ${value}`,
      )
    }
  }
  const day = dateOf(text, numbers)
  const time = timeOf(numbers)
  if (day === undefined || time === undefined) {
    throw new ParseError(
      `Text '${shown(text)}' could not be parsed: Unable to obtain ZonedDateTime from TemporalAccessor`,
    )
  }
  return instantOf(day + time, parsedZone ?? given)
}

function dateOf(text: string, numbers: ReadonlyMap<string, number>): number | undefined {
  let year = numbers.get('u') ?? numbers.get('y') ?? numbers.get('Y')
  if (year === undefined) return undefined
  if (numbers.get('u') === undefined && numbers.get('G') === 0) year = 1 - year
  const dayOfYear = numbers.get('D')
  if (dayOfYear !== undefined && numbers.get('M') === undefined) {
    if (dayOfYear === 366 && !isLeapYear(year)) {
      throw new ParseError(
        `Text '${shown(text)}' could not be parsed: Invalid date 'DayOfYear 366' as '${year}' is not a leap year`,
      )
    }
    return utc(year, 1, dayOfYear)
  }
  const month = numbers.get('M')
  const day = numbers.get('d')
  if (month === undefined || day === undefined) return undefined
  // Smart resolving: a day that the month does not have is its last.
  return utc(year, month, Math.min(day, daysIn(year, month)))
}

function timeOf(numbers: ReadonlyMap<string, number>): number | undefined {
  const milliOfDay = numbers.get('A')
  if (milliOfDay !== undefined) return milliOfDay
  let hour = numbers.get('H')
  const clock = numbers.get('k')
  if (hour === undefined && clock !== undefined) hour = clock % 24
  const half = numbers.get('K') ?? (numbers.get('h') === undefined ? undefined : (numbers.get('h') as number) % 12)
  const afternoon = numbers.get('a')
  if (hour === undefined && half !== undefined && afternoon !== undefined) hour = half + afternoon * 12
  if (hour === undefined) return undefined
  const minute = numbers.get('m')
  const second = numbers.get('s')
  const nano = numbers.get('n')
  // A smaller unit counts only with the larger ones.
  if (minute === undefined && (second !== undefined || nano !== undefined)) return undefined
  return ((hour * 60 + (minute ?? 0)) * 60 + (second ?? 0)) * 1000 + Math.floor((nano ?? 0) / 1_000_000)
}
