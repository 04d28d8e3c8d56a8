import type { Scope } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'

export interface FunctionReference extends Scope {
  name: string
  /** Version or alias; `$LATEST` when none is named. */
  qualifier: string
}

/** Reads the forms that Lambda takes: name, name:qualifier, partial ARN and full ARN. Throws when two qualifiers differ. */
export function parseFunctionName(text: string, scope: Scope, qualifier?: string): FunctionReference | undefined {
  const full = /^arn:[^:]+:lambda:([a-z0-9-]+):(\d{12}):function:([A-Za-z0-9_-]+)(?::([A-Za-z0-9$_-]+))?$/.exec(text)
  if (full !== null)
    return { region: full[1]!, accountId: full[2]!, name: full[3]!, qualifier: oneOf(full[4], qualifier) }
  const partial = /^(\d{12}):function:([A-Za-z0-9_-]+)(?::([A-Za-z0-9$_-]+))?$/.exec(text)
  if (partial !== null)
    return {
      region: scope.region,
      accountId: partial[1]!,
      name: partial[2]!,
      qualifier: oneOf(partial[3], qualifier),
    }
  const short = /^([A-Za-z0-9_-]+)(?::([A-Za-z0-9$_-]+))?$/.exec(text)
  if (short !== null) return { ...pick(scope), name: short[1]!, qualifier: oneOf(short[2], qualifier) }
  return undefined
}

function oneOf(derived: string | undefined, given: string | undefined): string {
  if (derived !== undefined && given !== undefined && derived !== given)
    throw new AwsError(
      'InvalidParameterValueException',
      'The derived qualifier from the function name does not match the specified qualifier.',
      { details: { Type: 'User' } },
    )
  return derived ?? given ?? '$LATEST'
}

function pick({ accountId, region }: Scope): Scope {
  return { accountId, region }
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, with the qualifier when it is not `$LATEST`. */
export function functionArn({ accountId, region, name, qualifier }: FunctionReference): string {
  const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`
  return qualifier === '$LATEST' ? arn : `${arn}:${qualifier}`
}
