import { parseArn } from '../../aws/arn.ts'
import type { Catalog } from '../../catalog.ts'
import type { Log } from '../../observability/log.ts'
import { type Credential, findRole } from './credentialStore.ts'
import { roleOfSession, trusts } from './policy.ts'
import { conditionContextOf } from './verifyRequest.ts'

/**
 * Whether somebody may take a role on: the role's trust policy names them, or names their account and their own policies
 * allow `sts:AssumeRole` (IAM user guide, “Cross-account policy evaluation logic”).
 * @param credential Whose signature was verified; undefined where calls are open, which is as the account's administrator.
 * @returns undefined when there is no such role.
 */
export function mayAssumeRole(
  catalog: Catalog,
  caller: { accountId: string; principalArn: string; region: string; credential?: Credential },
  roleArn: string,
  options: { now: number; log: Log },
): boolean | undefined {
  const role = findRole(catalog, roleArn)
  if (role === undefined) return undefined
  const { assumeRolePolicyDocument } = role
  if (assumeRolePolicyDocument === undefined) return false
  const { credential } = caller
  const context =
    credential === undefined
      ? new Map<string, string>()
      : conditionContextOf(credential, { now: options.now, region: caller.region })
  const party = { type: 'AWS' as const, name: caller.principalArn, accountId: caller.accountId }
  let trusted: boolean
  try {
    trusted = trusts(assumeRolePolicyDocument, party, { action: 'sts:AssumeRole', context }, options.log)
  } catch (error) {
    options.log('error', 'the trust policy of a role cannot be read', {
      role: role.arn,
      problem: (error as Error).message,
    })
    return false
  }
  if (!trusted || credential === undefined) return trusted
  const decision = credential.policy.decide({ action: 'sts:AssumeRole', resource: role.arn, context })
  if (decision !== undefined) return decision === 'Allow'
  const names = principalTexts(assumeRolePolicyDocument.Statement)
  const sameAccount = parseArn(role.arn)?.accountId === caller.accountId
  return (
    sameAccount && (names.includes(caller.principalArn) || names.includes(roleOfSession(caller.principalArn) ?? ''))
  )
}

function principalTexts(statement: unknown): string[] {
  const statements: unknown[] = Array.isArray(statement) ? statement : [statement]
  return statements.flatMap((entry) => {
    const principal = (entry as { Principal?: { AWS?: unknown } } | null)?.Principal?.AWS
    const list: unknown[] = Array.isArray(principal) ? principal : [principal]
    return list.filter((name): name is string => typeof name === 'string')
  })
}
