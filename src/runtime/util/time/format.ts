import { fieldsOf, type LocalFields, weekOf, weekOfMonth } from './calendar.ts'
import { DAYS, MONTHS, QUARTERS, styled } from './names.ts'
import { type Element, parsePattern } from './pattern.ts'
import { offsetText, type Zone } from './zone.ts'

interface Moment {
  fields: LocalFields
  time: number
  offset: number
  zone: Zone
}

/** An instant as java.time's DateTimeFormatter prints it with the pattern, in US English. */
export function formatInstant(epochMilliseconds: number, pattern: string, zone: Zone): string {
  const offset = zone.offsetAt(epochMilliseconds)
  const fields = fieldsOf(epochMilliseconds + offset * 1000)
  return printAll(parsePattern(pattern), { fields, time: epochMilliseconds, offset, zone })
}

function printAll(elements: Element[], moment: Moment): string {
  let text = ''
  for (const element of elements) text += print(element, moment)
  return text
}

function print(element: Element, moment: Moment): string {
  switch (element.type) {
    case 'literal':
      return element.text
    case 'optional':
      return printAll(element.elements, moment)
    case 'pad':
      return print(element.element, moment).padStart(element.width, ' ')
    case 'letter':
      return letter(element.letter, element.count, moment)
  }
}

function padded(value: number, count: number): string {
  const text = String(Math.abs(value)).padStart(count, '0')
  return value < 0 ? `-${text}` : text
}

function year(value: number, count: number): string {
  if (count === 2) return padded(((value % 100) + 100) % 100, 2)
  const text = padded(value, count)
  // More digits than the pattern has letters get a sign, from four letters on.
  return count >= 4 && value >= 0 && text.length > count ? `+${text}` : text
}

function letter(name: string, count: number, moment: Moment): string {
  const { fields } = moment
  switch (name) {
    case 'G':
      if (count === 4) return fields.year > 0 ? 'Anno Domini' : 'Before Christ'
      return count === 5 ? (fields.year > 0 ? 'A' : 'B') : fields.year > 0 ? 'AD' : 'BC'
    case 'u':
      return year(fields.year, count)
    case 'y':
      return year(fields.year > 0 ? fields.year : 1 - fields.year, count)
    case 'Y':
      return year(weekOf(fields).weekYear, count)
    case 'M':
    case 'L':
      return count <= 2 ? padded(fields.month, count) : styled(MONTHS[fields.month - 1] as string, count)
    case 'Q':
    case 'q': {
      const quarter = Math.floor((fields.month - 1) / 3) + 1
      if (count <= 2) return padded(quarter, count)
      return count === 3 ? `Q${quarter}` : count === 4 ? (QUARTERS[quarter - 1] as string) : String(quarter)
    }
    case 'd':
      return padded(fields.day, count)
    case 'D':
      return padded(fields.dayOfYear, count)
    case 'w':
      return padded(weekOf(fields).week, count)
    case 'W':
      return padded(weekOfMonth(fields), count)
    case 'F':
      return padded(Math.floor((fields.day - 1) / 7) + 1, count)
    case 'E':
      return styled(DAYS[fields.dayOfWeek - 1] as string, Math.max(count, 3))
    case 'e':
    case 'c':
      // Numbered from Sunday, as in the United States.
      return count <= 2
        ? padded((fields.dayOfWeek % 7) + 1, count)
        : styled(DAYS[fields.dayOfWeek - 1] as string, count)
    case 'a':
      return fields.hour < 12 ? 'AM' : 'PM'
    default:
      return clock(name, count, moment)
  }
}

function clock(name: string, count: number, moment: Moment): string {
  const { fields } = moment
  const nanos = fields.milli * 1_000_000
  const milliOfDay = ((fields.hour * 60 + fields.minute) * 60 + fields.second) * 1000 + fields.milli
  switch (name) {
    case 'h':
      return padded(fields.hour % 12 || 12, count)
    case 'K':
      return padded(fields.hour % 12, count)
    case 'k':
      return padded(fields.hour || 24, count)
    case 'H':
      return padded(fields.hour, count)
    case 'm':
      return padded(fields.minute, count)
    case 's':
      return padded(fields.second, count)
    case 'S':
      return String(nanos).padStart(9, '0').slice(0, count)
    case 'n':
      return padded(nanos, count)
    case 'A':
      return padded(milliOfDay, count)
    case 'N':
      return (BigInt(milliOfDay) * 1_000_000n).toString().padStart(count, '0')
    default:
      return zoneLetter(name, count, moment)
  }
}

function zoneLetter(name: string, count: number, { offset, zone, time }: Moment): string {
  switch (name) {
    case 'V':
      return zone.id
    case 'z':
    case 'v':
      return zoneName(zone, time, count === 4)
    case 'O':
      return localizedOffset(offset, count === 4)
    case 'X':
    case 'x':
      return isoOffset(offset, count, name === 'X' ? 'Z' : undefined)
    default:
      if (count <= 3) return offsetText(offset, '+0000', false)
      return count === 4 ? localizedOffset(offset, true) : offsetText(offset, 'Z', true)
  }
}

function zoneName(zone: Zone, time: number, isLong: boolean): string {
  if (zone.isOffset) return zone.id
  if (/^(UTC|GMT|UT)/.test(zone.id)) {
    if (!isLong) return zone.id
    return zone.id === 'UTC' ? 'Coordinated Universal Time' : zone.id === 'GMT' ? 'Greenwich Mean Time' : zone.id
  }
  const key = `${isLong ? 'long' : 'short'} ${zone.id}`
  let format = nameFormats.get(key)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone.id, timeZoneName: isLong ? 'long' : 'short' })
    if (nameFormats.size >= CACHED_FORMATS) nameFormats.delete(nameFormats.keys().next().value as string)
    nameFormats.set(key, format)
  }
  return format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? zone.id
}

const nameFormats = new Map<string, Intl.DateTimeFormat>()
const CACHED_FORMATS = 200

function localizedOffset(offset: number, isFull: boolean): string {
  if (offset === 0) return 'GMT'
  if (isFull) return `GMT${offsetText(offset, '', true)}`
  const absolute = Math.abs(offset)
  const minutes = Math.floor(absolute / 60) % 60
  const tail = minutes === 0 ? '' : `:${String(minutes).padStart(2, '0')}`
  return `GMT${offset < 0 ? '-' : '+'}${Math.floor(absolute / 3600)}${tail}`
}

/** X and x: hours; hours and minutes; with colon; with seconds where there are some. */
function isoOffset(offset: number, count: number, zero: string | undefined): string {
  const hasColon = count === 3 || count === 5
  if (offset === 0) return zero ?? (count === 1 ? '+00' : hasColon ? '+00:00' : '+0000')
  const sign = offset < 0 ? '-' : '+'
  const two = (value: number) => String(value).padStart(2, '0')
  const absolute = Math.abs(offset)
  const [hours, minutes, seconds] = [Math.floor(absolute / 3600), Math.floor(absolute / 60) % 60, absolute % 60]
  if (count === 1) return `${sign}${two(hours)}${minutes === 0 ? '' : two(minutes)}`
  const colon = hasColon ? ':' : ''
  const tail = count >= 4 && seconds !== 0 ? colon + two(seconds) : ''
  return `${sign}${two(hours)}${colon}${two(minutes)}${tail}`
}
