/** The parts of an Amazon Resource Name, `arn:partition:service:region:account:resource`. */
export interface Arn {
  partition: string
  service: string
  region: string
  accountId: string
  /** Everything after the fifth colon, colons and slashes included. */
  resource: string
}

/** The account that resources belong to when no credential names another. */
export const DEFAULT_ACCOUNT_ID = '000000000000'
/** The region that resources belong to when neither a signature nor a setting names another. */
export const DEFAULT_REGION = 'us-east-1'

/** Which account and region a resource lives in, or a call is made to. */
export interface Scope {
  accountId: string
  region: string
}

export function formatArn(arn: Omit<Arn, 'partition'> & { partition?: string }): string {
  return `arn:${arn.partition ?? partitionOf(arn.region)}:${arn.service}:${arn.region}:${arn.accountId}:${arn.resource}`
}

/** @returns the parts, or undefined when the text is no ARN. */
export function parseArn(text: string): Arn | undefined {
  const match = /^arn:([^:]+):([^:]+):([^:]*):([^:]*):([\s\S]+)$/.exec(text)
  if (!match) return undefined
  const [, partition = '', service = '', region = '', accountId = '', resource = ''] = match
  return { partition, service, region, accountId, resource }
}

/** The AWS partition that a region belongs to. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('us-gov-')) return 'aws-us-gov'
  return 'aws'
}
