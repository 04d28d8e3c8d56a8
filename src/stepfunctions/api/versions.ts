import { AwsError } from '../../aws/errors.ts'
import type { StateMachine, StateMachineVersion } from '../../resources.ts'
import { checkArn, machineArnParts } from './arns.ts'
import type { Api, Operation } from './context.ts'
import { optionalText, present, seconds, text } from './input.ts'
import { cutPage } from './pages.ts'
import { requireMachine } from './stateMachines.ts'

/** Versions of one state machine (Step Functions quotas). */
export const MAX_VERSIONS = 1_000

/** Revision of a machine that was never updated, where one has to be named. */
const INITIAL_REVISION = 'INITIAL'

const versions = (api: Api) => api.catalog.collection('AWS::StepFunctions::StateMachineVersion')
const aliases = (api: Api) => api.catalog.collection('AWS::StepFunctions::StateMachineAlias')

/** Versions of a machine, the newest first. */
export function versionsOf(api: Api, machineArn: string): StateMachineVersion[] {
  return versions(api)
    .list(`${machineArn}:`)
    .filter(({ stateMachineArn }) => stateMachineArn === machineArn)
    .sort((left, right) => right.version - left.version)
}

/** Publishes a machine's current revision; a revision that is the newest version already is that version. */
export function publish(api: Api, machine: StateMachine, description: string | undefined): StateMachineVersion {
  const existing = versionsOf(api, machine.arn)
  const [latest] = existing
  if (latest !== undefined && latest.revisionId === machine.revisionId && isCurrent(latest, machine)) {
    if (description !== undefined && description !== latest.description) {
      throw new AwsError(
        'ConflictException',
        `Failed to publish the State Machine version for revision ${machine.revisionId ?? INITIAL_REVISION}. A version with a different description already exists.`,
      )
    }
    return latest
  }
  if (existing.length >= MAX_VERSIONS) {
    throw new AwsError('ServiceQuotaExceededException', `The maximum number of versions is ${MAX_VERSIONS}`, {
      statusCode: 402,
    })
  }
  const version = Math.max(latest?.version ?? 0, machine.lastVersion ?? 0) + 1
  const published: StateMachineVersion = {
    arn: `${machine.arn}:${version}`,
    stateMachineArn: machine.arn,
    version,
    definition: machine.definition,
    roleArn: machine.roleArn,
    type: machine.type,
    creationDate: api.now(),
    ...(machine.revisionId === undefined ? {} : { revisionId: machine.revisionId }),
    ...(description === undefined ? {} : { description }),
    ...(machine.loggingConfiguration === undefined ? {} : { loggingConfiguration: machine.loggingConfiguration }),
    ...(machine.tracingConfiguration === undefined ? {} : { tracingConfiguration: machine.tracingConfiguration }),
    ...(machine.encryptionConfiguration === undefined
      ? {}
      : { encryptionConfiguration: machine.encryptionConfiguration }),
  }
  versions(api).put(published)
  const machines = api.catalog.collection('AWS::StepFunctions::StateMachine')
  machines.put({ ...machine, lastVersion: version }, machines.originOf(machine.arn) ?? 'api')
  return published
}

function isCurrent(version: StateMachineVersion, machine: StateMachine): boolean {
  return version.definition === machine.definition && version.roleArn === machine.roleArn
}

export const publishStateMachineVersion: Operation = (api, input) => {
  const arn = checkArn(text(input, 'stateMachineArn'), 'stateMachine')
  if (machineArnParts(arn).qualifier !== undefined) {
    throw new AwsError('ValidationException', 'A version of a version or alias cannot be published')
  }
  const machine = requireMachine(api, arn)
  const revisionId = optionalText(input, 'revisionId')
  const current = machine.revisionId ?? INITIAL_REVISION
  if (revisionId !== undefined && revisionId !== current) {
    throw new AwsError(
      'ConflictException',
      `Failed to publish the State Machine version for revision ${revisionId}. The current State Machine revision is ${current}.`,
    )
  }
  const version = api.catalog.transaction(() => publish(api, machine, optionalText(input, 'description')))
  return { creationDate: seconds(version.creationDate), stateMachineVersionArn: version.arn }
}

export const deleteStateMachineVersion: Operation = (api, input) => {
  const arn = checkArn(text(input, 'stateMachineVersionArn'), 'stateMachine')
  const { machineArn, qualifier } = machineArnParts(arn)
  if (qualifier === undefined || !/^\d+$/.test(qualifier)) {
    throw new AwsError('ValidationException', `The ARN is not the ARN of a state machine version: ${arn}`)
  }
  const referencing = aliases(api)
    .list(`${machineArn}:`)
    .filter(({ routingConfiguration }) =>
      routingConfiguration.some(({ stateMachineVersionArn }) => stateMachineVersionArn === arn),
    )
  if (referencing.length > 0) {
    throw new AwsError(
      'ConflictException',
      `Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [${referencing.map(({ name }) => name).join(', ')}]`,
    )
  }
  versions(api).delete(arn)
  return {}
}

export const listStateMachineVersions: Operation = (api, input) => {
  const arn = checkArn(text(input, 'stateMachineArn'), 'stateMachine')
  const { machineArn } = machineArnParts(arn)
  requireMachine(api, machineArn)
  const { items, nextToken } = cutPage(
    versionsOf(api, machineArn),
    input,
    api.pageTokens,
    `ListStateMachineVersions ${arn}`,
  )
  return present({
    stateMachineVersions: items.map((version) => ({
      stateMachineVersionArn: version.arn,
      creationDate: seconds(version.creationDate),
    })),
    nextToken,
  })
}
