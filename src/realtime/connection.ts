import type { Caller } from '../auth/caller.ts'
import type { Clock } from '../aws/clock.ts'
import { END_ERRORS } from './endErrors.ts'
import type { EndReason } from './subscriptions.ts'

/** An open socket, as the clock and those who end credentials see it. */
export interface Connection {
  readonly apiId: string
  /** Once a minute: keep-alives, and the end of what is too old. */
  tick(now: number): void
  /** Takes the connection's own credential away when `choose` picks it: nothing more starts with it. */
  revoke(reason: EndReason, choose: (caller: Caller) => boolean): void
  /** Sends what is queued, then closes. */
  close(code: number, reason: string): void
}

/** Longest life of a connection (developer guide, “Real-time data”: WebSocket connections last 24 hours at most). */
export const MAX_CONNECTION_MS = 24 * 60 * 60_000

/** The credential that a connection was opened with: good for many operations, for as long as it is good. */
export interface ConnectionCredential {
  set(caller: Caller): void
  /** Undefined before there is one; throws `EndedCredentialError` after its end. */
  get(): Caller | undefined
  revoke(reason: EndReason, choose: (caller: Caller) => boolean): void
}

/** The connection's credential has expired or was taken away. */
export class EndedCredentialError extends Error {
  override readonly name = 'EndedCredentialError'
  readonly entry: { errorType: string; message: string }

  constructor(reason: Exclude<EndReason, 'invalidated'>) {
    const { errorType, message } = END_ERRORS[reason]
    super(message)
    this.entry = { errorType, message }
  }
}

export function createConnectionCredential(clock: Clock): ConnectionCredential {
  let caller: Caller | undefined
  let ended: Exclude<EndReason, 'invalidated'> | undefined
  return {
    set(given) {
      caller = given
      ended = undefined
    },
    get() {
      if (caller?.expiresAt !== undefined && caller.expiresAt <= clock.now()) ended ??= 'expired'
      if (ended !== undefined) throw new EndedCredentialError(ended)
      return caller
    },
    revoke(reason, choose) {
      if (reason !== 'invalidated' && caller !== undefined && choose(caller)) ended ??= reason
    },
  }
}
