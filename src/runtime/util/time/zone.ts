/** A time zone: the offset from UTC, in seconds, at an instant; and its id as java.time prints it. */
export interface Zone {
  id: string
  isOffset: boolean
  offsetAt(epochMilliseconds: number): number
}

/** A zone that java.time does not know; worded as its exceptions. */
export class ZoneError extends Error {}

const cache = new Map<string, Zone>()
const CACHED_ZONES = 500

/** The zone of an id as `ZoneId.of` takes it: `Z`, `+08:00`, `UTC+8`, `Australia/Perth`. */
export function zoneOf(id: string): Zone {
  const known = cache.get(id)
  if (known !== undefined) return known
  const zone = offsetZone(id) ?? regionZone(id)
  if (cache.size >= CACHED_ZONES) cache.delete(cache.keys().next().value as string)
  cache.set(id, zone)
  return zone
}

export function fixedZone(seconds: number, id = offsetText(seconds, 'Z', true)): Zone {
  return { id, isOffset: true, offsetAt: () => seconds }
}

function offsetZone(id: string): Zone | undefined {
  if (id === 'Z') return fixedZone(0)
  const found = /^(UTC|GMT|UT)?(?:([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?)?$/.exec(id)
  if (found === null || id === '') return undefined
  const [, prefix, sign, hours, minutes, seconds] = found
  if (sign === undefined) return { id, isOffset: false, offsetAt: () => 0 }
  const total = Number(hours) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
  if (total > 18 * 3600) throw new ZoneError('Zone offset not in valid range: -18:00 to +18:00')
  const offset = sign === '-' ? -total : total
  if (prefix === undefined) return fixedZone(offset)
  return { id: prefix + offsetText(offset, '', true), isOffset: false, offsetAt: () => offset }
}

function regionZone(id: string): Zone {
  if (!/^[A-Za-z][A-Za-z0-9~/._+-]+$/.test(id))
    throw new ZoneError(`Invalid ID for region-based ZoneId, invalid format: ${id}`)
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: id,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new ZoneError(`Unknown time-zone ID: ${id}`)
  }
  const offsetAt = (time: number) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]))
    const year = parts.get('era') === 'BC' ? 1 - Number(parts.get('year')) : Number(parts.get('year'))
    const local = new Date(0)
    local.setUTCFullYear(year, Number(parts.get('month')) - 1, Number(parts.get('day')))
    local.setUTCHours(Number(parts.get('hour')), Number(parts.get('minute')), Number(parts.get('second')))
    return Math.round((local.getTime() - Math.floor(time / 1000) * 1000) / 1000)
  }
  return { id, isOffset: false, offsetAt }
}

/** `+08:00`, `+08:00:30`, or the given text for zero. */
export function offsetText(seconds: number, zero: string, hasColon: boolean): string {
  if (seconds === 0) return zero
  const absolute = Math.abs(seconds)
  const colon = hasColon ? ':' : ''
  const two = (value: number) => String(value).padStart(2, '0')
  let text = `${seconds < 0 ? '-' : '+'}${two(Math.floor(absolute / 3600))}${colon}${two(Math.floor(absolute / 60) % 60)}`
  if (absolute % 60 !== 0) text += `${colon}${two(absolute % 60)}`
  return text
}

/**
 * The instant of a local time (given as if it were UTC): in a gap it is moved on by the gap's length, in an overlap the
 * earlier offset holds, as `ZonedDateTime.ofLocal` has it.
 */
export function instantOf(localMilliseconds: number, zone: Zone): number {
  const before = zone.offsetAt(localMilliseconds - 86_400_000)
  const first = localMilliseconds - before * 1000
  if (zone.offsetAt(first) === before) return first
  const after = zone.offsetAt(localMilliseconds + 86_400_000)
  const second = localMilliseconds - after * 1000
  if (zone.offsetAt(second) === after) return second
  return first
}
