import type { Claims } from './tokenVerifier.ts'
import { unauthorized } from './tokenVerifier.ts'

/** A token may be issued this far in the future: clocks differ. */
const MAX_FUTURE_SECONDS = 5 * 60

/**
 * Judges the times of a token: `exp` is required and lies ahead, `nbf` does not, `iat` and `auth_time` are numbers and no
 * older than allowed. Throws `AuthenticationError`.
 * @param now Milliseconds since the epoch.
 * @param limits Milliseconds; a claim with a limit is required.
 * @returns when the token ends, in milliseconds since the epoch.
 */
export function checkTimes(claims: Claims, now: number, limits: { iatTTL?: number; authTTL?: number } = {}): number {
  const seconds = now / 1000
  const exp = timeOf(claims, 'exp')
  if (exp === undefined) throw unauthorized()
  if (exp <= seconds) throw unauthorized('Token has expired.')
  const nbf = timeOf(claims, 'nbf')
  if (nbf !== undefined && nbf > seconds) throw unauthorized()
  let end = exp * 1000
  for (const [name, limit] of [
    ['iat', limits.iatTTL],
    ['auth_time', limits.authTTL],
  ] as const) {
    const time = timeOf(claims, name)
    // AppSync's console sends 0 for a limit that was left empty.
    const limited = limit !== undefined && limit > 0
    if (time === undefined) {
      if (limited) throw unauthorized()
      continue
    }
    if (time > seconds + MAX_FUTURE_SECONDS) throw unauthorized()
    if (!limited) continue
    if (now - time * 1000 > limit) throw unauthorized('Token has expired.')
    end = Math.min(end, time * 1000 + limit)
  }
  return end
}

function timeOf(claims: Claims, name: string): number | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unauthorized()
  return value
}
