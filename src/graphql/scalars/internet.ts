import { isIPv4, isIPv6 } from 'node:net'
import { textCoercion } from './coercion.ts'

const LOCAL_PART =
  /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|"[\x20\x21\x23-\x5b\x5d-\x7e]+")$/
const DOMAIN =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*|\[[0-9.]+\])$/
/** Longest address of RFC 3696. */
const MAX_EMAIL = 320

/** `local-part@domain` of RFC 822. */
export function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 1 || text.length > MAX_EMAIL) return false
  return LOCAL_PART.test(text.slice(0, at)) && DOMAIN.test(text.slice(at + 1))
}

/** A URL of any scheme; no scheme and `//` in the path are refused. */
export function isUrl(text: string): boolean {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.+)$/.exec(text)
  if (match === null || /[\s<>"\\^`{|}]/.test(text)) return false
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return false
  }
  const rest = match[2] ?? ''
  if (/^(?:https?|ftp|wss?):$/.test(url.protocol) && (!rest.startsWith('//') || url.hostname === '')) return false
  // What was written counts, before URL normalises it.
  const afterAuthority = rest.startsWith('//') ? rest.slice(2).replace(/^[^/?#]*/, '') : rest
  return !(afterAuthority.split(/[?#]/, 1)[0] ?? '').includes('//')
}

/** An IPv4 or IPv6 address with an optional prefix length. */
export function isIpAddress(text: string): boolean {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const prefix = slash === -1 ? undefined : text.slice(slash + 1)
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return false
  if (isIPv4(address)) return prefix === undefined || Number(prefix) <= 32
  return isIPv6(address) && !address.includes('%') && (prefix === undefined || Number(prefix) <= 128)
}

export const awsEmail = textCoercion(isEmail, 'email', 'Email')
export const awsUrl = textCoercion(isUrl, 'URL', 'URL')
export const awsIpAddress = textCoercion(isIpAddress, 'IP address', 'IP address')
