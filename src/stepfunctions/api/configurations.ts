import { parseArn } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'
import { flag, list, optionalObject, optionalText, present } from './input.ts'

/** Logging as it is answered: level and includeExecutionData are always there. */
export function loggingConfiguration(
  input: Record<string, unknown>,
  logGroupExists: ((arn: string) => boolean) | undefined,
): Record<string, unknown> | undefined {
  const given = optionalObject(input, 'loggingConfiguration')
  if (given === undefined) return undefined
  const invalid = (reason: string): AwsError =>
    new AwsError('InvalidLoggingConfiguration', `Invalid Logging Configuration: ${reason}`)
  const level = optionalText(given, 'level') ?? 'OFF'
  const destinations = list(given, 'destinations')
  if (level !== 'OFF' && destinations.length !== 1) throw invalid('Must specify exactly one Log Destination.')
  if (destinations.length > 1) throw invalid('Must specify exactly one Log Destination.')
  for (const destination of destinations) {
    const arn = optionalText(optionalObject(destination, 'cloudWatchLogsLogGroup') ?? {}, 'logGroupArn')
    if (arn === undefined || parseArn(arn)?.service !== 'logs') throw invalid('Log Destination is not valid.')
    if (logGroupExists?.(arn) === false) throw invalid('Log Destination not found.')
  }
  return present({
    level,
    includeExecutionData: flag(given, 'includeExecutionData') ?? false,
    destinations: Object.hasOwn(given, 'destinations') ? destinations : undefined,
  })
}

export const DEFAULT_LOGGING = { level: 'OFF', includeExecutionData: false }

export function tracingConfiguration(input: Record<string, unknown>): Record<string, unknown> | undefined {
  const given = optionalObject(input, 'tracingConfiguration')
  return given === undefined ? undefined : { enabled: flag(given, 'enabled') ?? false }
}

export const DEFAULT_TRACING = { enabled: false }

export function encryptionConfiguration(input: Record<string, unknown>): Record<string, unknown> | undefined {
  const given = optionalObject(input, 'encryptionConfiguration')
  if (given === undefined) return undefined
  const invalid = (reason: string): AwsError =>
    new AwsError('InvalidEncryptionConfiguration', `Invalid Encryption Configuration: ${reason}`)
  const keyed = optionalText(given, 'type') === 'CUSTOMER_MANAGED_KMS_KEY'
  const key = optionalText(given, 'kmsKeyId')
  const period = given['kmsDataKeyReusePeriodSeconds']
  if (keyed && key === undefined) throw invalid('KmsKeyId must be specified for CUSTOMER_MANAGED_KMS_KEY.')
  if (!keyed && (key !== undefined || (period !== undefined && period !== null))) {
    throw invalid('KmsKeyId and KmsDataKeyReusePeriodSeconds are only supported for CUSTOMER_MANAGED_KMS_KEY.')
  }
  return keyed
    ? { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: key, kmsDataKeyReusePeriodSeconds: period ?? 300 }
    : { ...DEFAULT_ENCRYPTION }
}

export const DEFAULT_ENCRYPTION = { type: 'AWS_OWNED_KEY' }
