import { AwsError } from '../../aws/errors.ts'
import type { StateMachineAlias } from '../../resources.ts'
import { checkArn, machineArnParts } from './arns.ts'
import type { Api, Operation } from './context.ts'
import { list, optionalNumber, optionalText, present, seconds, text } from './input.ts'
import { cutPage } from './pages.ts'
import { requireMachine } from './stateMachines.ts'

/** Aliases of one state machine (Step Functions quotas). */
export const MAX_ALIASES = 100

type Routing = StateMachineAlias['routingConfiguration']

const aliases = (api: Api) => api.catalog.collection('AWS::StepFunctions::StateMachineAlias')

function requireAlias(api: Api, arn: string): StateMachineAlias {
  const alias = aliases(api).get(arn)
  if (alias === undefined) {
    throw new AwsError('ResourceNotFound', `Request references a resource that does not exist: ${arn}`, {
      details: { resourceName: arn },
    })
  }
  return alias
}

function checkAliasArn(arn: string): string {
  checkArn(arn, 'stateMachine')
  const { qualifier } = machineArnParts(arn)
  if (qualifier === undefined || /^\d+$/.test(qualifier)) {
    throw new AwsError('ValidationException', `The ARN is not the ARN of a state machine alias: ${arn}`)
  }
  return arn
}

/** Reads one or two versions of one machine whose weights make 100. */
function readRouting(api: Api, input: Record<string, unknown>): Routing {
  const routing = list(input, 'routingConfiguration').map((entry) => ({
    stateMachineVersionArn: checkArn(text(entry, 'stateMachineVersionArn'), 'stateMachine'),
    weight: optionalNumber(entry, 'weight') ?? 0,
  }))
  const invalid = (message: string): AwsError => new AwsError('ValidationException', message)
  const arns = routing.map(({ stateMachineVersionArn }) => stateMachineVersionArn)
  if (new Set(arns).size < arns.length) {
    throw invalid(
      `Routing configuration must contain distinct state machine version ARNs. Received: [${arns.join(', ')}]`,
    )
  }
  const weights = routing.map(({ weight }) => weight)
  if (weights.reduce((sum, weight) => sum + weight, 0) !== 100) {
    throw invalid(`Sum of routing configuration weights must equal 100. Received: [${weights.join(', ')}]`)
  }
  const parts = arns.map(machineArnParts)
  if (new Set(parts.map(({ machineArn }) => machineArn)).size > 1) {
    throw invalid(
      `Routing configuration must contain versions of the same state machine. Received: [${arns.join(', ')}]`,
    )
  }
  if (parts.some(({ qualifier }) => qualifier === undefined || !/^\d+$/.test(qualifier))) {
    throw invalid(`Routing configuration must contain state machine version ARNs. Received: [${arns.join(', ')}]`)
  }
  for (const arn of arns) {
    requireMachine(api, machineArnParts(arn).machineArn)
    if (!api.catalog.collection('AWS::StepFunctions::StateMachineVersion').has(arn)) {
      throw new AwsError('ResourceNotFound', `Request references a resource that does not exist: ${arn}`, {
        details: { resourceName: arn },
      })
    }
  }
  return routing
}

export const createStateMachineAlias: Operation = (api, input) => {
  const name = text(input, 'name')
  const routing = readRouting(api, input)
  const description = optionalText(input, 'description')
  const { machineArn } = machineArnParts(routing[0]?.stateMachineVersionArn ?? '')
  const arn = `${machineArn}:${name}`
  return api.catalog.transaction(() => {
    const existing = aliases(api).get(arn)
    if (existing !== undefined) {
      if (!isSame(existing, routing, description)) {
        throw new AwsError(
          'ConflictException',
          'Failed to create alias because an alias with the same name and a different routing configuration already exists.',
        )
      }
      return { stateMachineAliasArn: arn, creationDate: seconds(existing.creationDate) }
    }
    if (aliases(api).list(`${machineArn}:`).length >= MAX_ALIASES) {
      throw new AwsError('ServiceQuotaExceededException', `The maximum number of aliases is ${MAX_ALIASES}`, {
        statusCode: 402,
      })
    }
    const now = api.now()
    aliases(api).put({
      arn,
      stateMachineArn: machineArn,
      name,
      routingConfiguration: routing,
      creationDate: now,
      updateDate: now,
      ...(description === undefined ? {} : { description }),
    })
    return { stateMachineAliasArn: arn, creationDate: seconds(now) }
  })
}

function isSame(alias: StateMachineAlias, routing: Routing, description: string | undefined): boolean {
  return alias.description === description && JSON.stringify(alias.routingConfiguration) === JSON.stringify(routing)
}

export const updateStateMachineAlias: Operation = (api, input) => {
  const alias = requireAlias(api, checkAliasArn(text(input, 'stateMachineAliasArn')))
  const description = optionalText(input, 'description')
  const routing = Object.hasOwn(input, 'routingConfiguration') ? readRouting(api, input) : undefined
  if (description === undefined && routing === undefined) {
    throw new AwsError('ValidationException', 'Either the description or the routing configuration must be specified')
  }
  if (
    routing !== undefined &&
    machineArnParts(routing[0]?.stateMachineVersionArn ?? '').machineArn !== alias.stateMachineArn
  ) {
    throw new AwsError('ValidationException', 'Routing configuration must contain versions of the same state machine')
  }
  const updateDate = api.now()
  aliases(api).put({
    ...alias,
    updateDate,
    ...(description === undefined ? {} : { description }),
    ...(routing === undefined ? {} : { routingConfiguration: routing }),
  })
  return { updateDate: seconds(updateDate) }
}

export const describeStateMachineAlias: Operation = (api, input) => {
  const alias = requireAlias(api, checkAliasArn(text(input, 'stateMachineAliasArn')))
  return present({
    stateMachineAliasArn: alias.arn,
    name: alias.name,
    description: alias.description,
    routingConfiguration: alias.routingConfiguration,
    creationDate: seconds(alias.creationDate),
    updateDate: seconds(alias.updateDate),
  })
}

export const deleteStateMachineAlias: Operation = (api, input) => {
  // An alias that is not there is deleted already.
  aliases(api).delete(checkAliasArn(text(input, 'stateMachineAliasArn')))
  return {}
}

export const listStateMachineAliases: Operation = (api, input) => {
  const arn = checkArn(text(input, 'stateMachineArn'), 'stateMachine')
  const { machineArn, qualifier } = machineArnParts(arn)
  requireMachine(api, machineArn)
  const all = aliases(api)
    .list(`${machineArn}:`)
    .filter(
      ({ routingConfiguration }) =>
        qualifier === undefined ||
        routingConfiguration.some(({ stateMachineVersionArn }) => stateMachineVersionArn === arn),
    )
  const { items, nextToken } = cutPage(all, input, api.pageTokens, `ListStateMachineAliases ${arn}`)
  return present({
    stateMachineAliases: items.map((alias) => ({
      stateMachineAliasArn: alias.arn,
      creationDate: seconds(alias.creationDate),
    })),
    nextToken,
  })
}
