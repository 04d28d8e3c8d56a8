import type { EndReason } from './subscriptions.ts'

/** What a client is told when its subscription ends without its asking; `invalidated` is no error. */
export const END_ERRORS: Record<Exclude<EndReason, 'invalidated'>, { errorType: string; message: string }> = {
  expired: { errorType: 'UnauthorizedException', message: 'Token has expired.' },
  revoked: { errorType: 'UnauthorizedException', message: 'You are not authorized to make this call.' },
  'api-deleted': { errorType: 'NotFoundException', message: 'The API is not there any more.' },
}
