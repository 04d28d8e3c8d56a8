import { parseArn } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'

/** Kinds of ARNs of the service, by the first word of their resource. */
export type ResourceKind = 'stateMachine' | 'execution' | 'express' | 'activity' | 'mapRun'

const KINDS: ReadonlySet<string> = new Set<ResourceKind>(['stateMachine', 'execution', 'express', 'activity', 'mapRun'])

/** Refuses a text that is no ARN of one of the kinds. */
export function checkArn(arn: string, ...kinds: ResourceKind[]): string {
  const invalid = (reason: string): AwsError => new AwsError('InvalidArn', `Invalid Arn: '${reason}'`)
  if (!arn.startsWith('arn:')) throw invalid(`Invalid ARN prefix: ${arn}`)
  const parts = parseArn(arn)
  if (parts === undefined || parts.service !== 'states') throw invalid(arn)
  const kind = parts.resource.split(':')[0] ?? ''
  if (!KINDS.has(kind) || parts.resource.length <= kind.length + 1) throw invalid(arn)
  if (!(kinds as string[]).includes(kind)) throw invalid(`Resource type not valid in this context: ${kind}`)
  return arn
}

/** A state machine's ARN and what follows it: a version's number or an alias' name. */
export interface MachineArn {
  /** Without version or alias. */
  machineArn: string
  qualifier: string | undefined
  /** Behind `#`: a test case of a mock configuration. */
  testCase: string | undefined
}

/** Takes a state machine's ARN apart. The text has been checked by {@link checkArn}. */
export function machineArnParts(arn: string): MachineArn {
  const [plain = '', testCase] = arn.split('#', 2)
  const parts = plain.split(':')
  // arn:partition:states:region:account:stateMachine:NAME[:QUALIFIER]
  return { machineArn: parts.slice(0, 7).join(':'), qualifier: parts[7], testCase }
}

export function nameOf(arn: string): string {
  return arn.split(':')[6] ?? ''
}
