import { formatArn } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'
import type { StateMachine, StateMachineVersion } from '../../resources.ts'
import { checkArn, machineArnParts } from './arns.ts'
import {
  DEFAULT_ENCRYPTION,
  DEFAULT_LOGGING,
  DEFAULT_TRACING,
  encryptionConfiguration,
  loggingConfiguration,
  tracingConfiguration,
} from './configurations.ts'
import type { Api, Operation } from './context.ts'
import { compileOrRefuse, variableReferences } from './definitions.ts'
import { checkName, flag, list, optionalText, present, seconds, text } from './input.ts'
import { cutPage } from './pages.ts'
import { checkTagCount, readTags } from './tags.ts'
import { publish } from './versions.ts'

const machines = (api: Api) => api.catalog.collection('AWS::StepFunctions::StateMachine')

/** The machine that an ARN names, without version or alias. Throws where there is none. */
export function requireMachine(api: Api, arn: string): StateMachine {
  const machine = machines(api).get(arn)
  if (machine === undefined || machine.status === 'DELETING') {
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
  }
  return machine
}

export const createStateMachine: Operation = (api, input, context) => {
  const name = checkName(text(input, 'name'))
  checkRole(text(input, 'roleArn'))
  const type = optionalText(input, 'type') === 'EXPRESS' ? 'EXPRESS' : 'STANDARD'
  const publishes = flag(input, 'publish') === true
  const description = optionalText(input, 'versionDescription')
  if (description !== undefined && !publishes) {
    throw new AwsError('ValidationException', 'Version description can only be set when publish is true')
  }
  const definition = text(input, 'definition')
  const logging = loggingConfiguration(input, api.logGroupExists)
  const tracing = tracingConfiguration(input)
  const encryption = encryptionConfiguration(input)
  compileOrRefuse(api, definition, type)
  const arn = formatArn({ service: 'states', ...scopeOf(context), resource: `stateMachine:${name}` })
  const tags = checkTagCount(readTags(list(input, 'tags')), arn)
  const wanted: StateMachine = {
    arn,
    name,
    definition,
    roleArn: text(input, 'roleArn'),
    type,
    creationDate: api.now(),
    status: 'ACTIVE',
    ...(logging === undefined ? {} : { loggingConfiguration: logging }),
    ...(tracing === undefined ? {} : { tracingConfiguration: tracing }),
    ...(encryption === undefined ? {} : { encryptionConfiguration: encryption }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  }
  return api.catalog.transaction(() => {
    const existing = machines(api).get(arn)
    if (existing !== undefined && !isSame(existing, wanted)) {
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`)
    }
    if (existing === undefined) machines(api).put(wanted)
    const machine = existing ?? wanted
    const version = publishes ? publish(api, machine, description) : undefined
    return present({
      stateMachineArn: arn,
      creationDate: seconds(machine.creationDate),
      stateMachineVersionArn: version?.arn,
    })
  })
}

function scopeOf({ accountId, region }: { accountId: string; region: string }): { accountId: string; region: string } {
  return { accountId, region }
}

/** CreateStateMachine is idempotent over what makes a machine; role and tags do not count. */
function isSame(existing: StateMachine, wanted: StateMachine): boolean {
  const facts = ({
    definition,
    type,
    loggingConfiguration: logging,
    tracingConfiguration: tracing,
    encryptionConfiguration: encryption,
  }: StateMachine): string =>
    JSON.stringify([
      definition,
      type,
      logging ?? DEFAULT_LOGGING,
      tracing ?? DEFAULT_TRACING,
      encryption ?? DEFAULT_ENCRYPTION,
    ])
  return facts(existing) === facts(wanted)
}

function checkRole(arn: string): void {
  if (!/^arn:[^:]+:iam::\d{12}:role\/.+$/.test(arn)) throw new AwsError('InvalidArn', `Invalid Role Arn: '${arn}'`)
}

export const updateStateMachine: Operation = (api, input) => {
  const arn = checkArn(text(input, 'stateMachineArn'), 'stateMachine')
  const { machineArn, qualifier } = machineArnParts(arn)
  if (qualifier !== undefined) {
    throw new AwsError('ValidationException', 'A version or alias of a state machine cannot be updated')
  }
  const definition = optionalText(input, 'definition')
  const roleArn = optionalText(input, 'roleArn')
  const logging = loggingConfiguration(input, api.logGroupExists)
  const tracing = tracingConfiguration(input)
  const encryption = encryptionConfiguration(input)
  const publishes = flag(input, 'publish') === true
  const description = optionalText(input, 'versionDescription')
  if ([definition, roleArn, logging, tracing, encryption].every((part) => part === undefined)) {
    throw new AwsError(
      'MissingRequiredParameter',
      'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
    )
  }
  if (description !== undefined && !publishes) {
    throw new AwsError('ValidationException', 'Version description can only be set when publish is true')
  }
  if (roleArn !== undefined) checkRole(roleArn)
  const before = requireMachine(api, machineArn)
  if (definition !== undefined) compileOrRefuse(api, definition, before.type)
  return api.catalog.transaction(() => {
    const updated: StateMachine = {
      ...before,
      updateDate: api.now(),
      ...(definition === undefined ? {} : { definition }),
      ...(roleArn === undefined ? {} : { roleArn }),
      ...(logging === undefined ? {} : { loggingConfiguration: logging }),
      ...(tracing === undefined ? {} : { tracingConfiguration: tracing }),
      ...(encryption === undefined ? {} : { encryptionConfiguration: encryption }),
    }
    // What changes nothing makes no revision.
    const revised = !isSame(before, updated) || before.roleArn !== updated.roleArn
    const changed = revised ? { ...updated, revisionId: api.uuid() } : updated
    machines(api).put(changed)
    const version = publishes ? publish(api, changed, description) : undefined
    return present({
      updateDate: seconds(changed.updateDate ?? changed.creationDate),
      revisionId: revised ? changed.revisionId : undefined,
      stateMachineVersionArn: version?.arn,
    })
  })
}

export const deleteStateMachine: Operation = (api, input) => {
  const arn = checkArn(text(input, 'stateMachineArn'), 'stateMachine')
  const { machineArn, qualifier } = machineArnParts(arn)
  if (qualifier !== undefined) {
    throw new AwsError(
      'ValidationException',
      'DeleteStateMachine takes the ARN of a state machine without a version or alias',
    )
  }
  api.catalog.transaction(() => {
    if (!machines(api).delete(machineArn)) return
    for (const type of ['AWS::StepFunctions::StateMachineVersion', 'AWS::StepFunctions::StateMachineAlias'] as const) {
      const collection = api.catalog.collection(type)
      for (const { arn: qualified } of collection.list(`${machineArn}:`)) collection.delete(qualified)
    }
  })
  return {}
}

export const describeStateMachine: Operation = (api, input) => {
  const arn = checkArn(text(input, 'stateMachineArn'), 'stateMachine')
  const { machineArn, qualifier } = machineArnParts(arn)
  const machine = machines(api).get(machineArn)
  const described: StateMachine | StateMachineVersion | undefined =
    qualifier === undefined ? machine : api.catalog.collection('AWS::StepFunctions::StateMachineVersion').get(arn)
  if (machine === undefined || described === undefined) {
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
  }
  const metadataOnly = optionalText(input, 'includedData') === 'METADATA_ONLY'
  return present({
    stateMachineArn: arn,
    name: machine.name,
    status: machine.status,
    definition: metadataOnly ? '{}' : described.definition,
    roleArn: described.roleArn,
    type: described.type,
    creationDate: seconds(described.creationDate),
    loggingConfiguration: described.loggingConfiguration ?? DEFAULT_LOGGING,
    tracingConfiguration: described.tracingConfiguration ?? DEFAULT_TRACING,
    encryptionConfiguration: described.encryptionConfiguration ?? DEFAULT_ENCRYPTION,
    label: qualifier === undefined ? machine.label : undefined,
    revisionId: described.revisionId,
    description: described.description,
    variableReferences: metadataOnly ? undefined : variableReferences(api, described.definition, described.type),
  })
}

export const listStateMachines: Operation = (api, input, context) => {
  const prefix = formatArn({ service: 'states', ...scopeOf(context), resource: 'stateMachine:' })
  // Newest first, as the service lists them.
  const all = machines(api)
    .list(prefix)
    .sort((left, right) => right.creationDate - left.creationDate)
  const { items, nextToken } = cutPage(all, input, api.pageTokens, 'ListStateMachines')
  return present({
    stateMachines: items.map(({ arn, name, type, creationDate }) => ({
      stateMachineArn: arn,
      name,
      type,
      creationDate: seconds(creationDate),
    })),
    nextToken,
  })
}
