import type { CredentialStore, TemporaryCredentials } from '../auth/iam/credentialStore.ts'
import { formatArn, type Scope } from '../aws/arn.ts'
import type { Clock } from '../aws/clock.ts'

/** Longest that temporary credentials of a role live (STS AssumeRole). */
const LIFE_SECONDS = 43_200
/** Credentials are renewed this long before they end: longer than Lambda's longest invocation. */
const RENEW_BEFORE_MS = 3_600_000

/** Temporary credentials of roles, for functions and data sources; the same until their end is near. */
export function createRoleCredentials(credentials: CredentialStore, clock: Pick<Clock, 'now'>) {
  const issued = new Map<string, TemporaryCredentials>()
  /**
   * @param roleArn Without one, a role of the session's name that has no policies.
   * @param sessionName Other characters than AWS allows are replaced.
   */
  return (roleArn: string | undefined, sessionName: string, { accountId }: Scope): TemporaryCredentials => {
    const session = sessionName.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64)
    const role = roleArn ?? formatArn({ service: 'iam', region: '', accountId, resource: `role/${session}` })
    const key = `${role}\n${session}`
    const known = issued.get(key)
    if (known !== undefined && known.expiration - RENEW_BEFORE_MS > clock.now()) return known
    const made = credentials.issueTemporary({ roleArn: role, sessionName: session, durationSeconds: LIFE_SECONDS })
    issued.set(key, made)
    return made
  }
}
