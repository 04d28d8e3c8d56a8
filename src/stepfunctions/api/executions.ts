import { AwsError } from '../../aws/errors.ts'
import { type ExecutionDescription, type ExecutionListItem, type ExecutionStatus, MAX_DATA_BYTES } from '../engine.ts'
import type { HistoryEvent } from '../history.ts'
import { checkArn, machineArnParts } from './arns.ts'
import { DEFAULT_ENCRYPTION, DEFAULT_LOGGING, DEFAULT_TRACING } from './configurations.ts'
import type { Api, Operation } from './context.ts'
import { variableReferences } from './definitions.ts'
import { checkName, flag, optionalText, present, seconds, text } from './input.ts'
import { readPage } from './pages.ts'
import { requireMachine } from './stateMachines.ts'

const INCLUDED = { included: true }

/** Checks the input of an execution: JSON, of at most 256 KiB. */
export function checkExecutionInput(input: string | undefined): string | undefined {
  if (input === undefined) return undefined
  const invalid = (reason: string): AwsError =>
    new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`)
  if (Buffer.byteLength(input) > MAX_DATA_BYTES) throw invalid(`The input exceeds ${MAX_DATA_BYTES} bytes`)
  try {
    JSON.parse(input)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'not JSON')
  }
  return input
}

function startOptions(input: Record<string, unknown>) {
  const stateMachineArn = text(input, 'stateMachineArn')
  checkArn(machineArnOnly(stateMachineArn), 'stateMachine')
  const name = optionalText(input, 'name')
  if (name !== undefined) checkName(name)
  const data = checkExecutionInput(optionalText(input, 'input'))
  const traceHeader = optionalText(input, 'traceHeader')
  return {
    stateMachineArn,
    ...(name === undefined ? {} : { name }),
    ...(data === undefined ? {} : { input: data }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  }
}

/** Without the test case of a mock configuration, which is no part of an ARN. */
function machineArnOnly(arn: string): string {
  return arn.split('#', 1)[0] ?? ''
}

export const startExecution: Operation = async (api, input) => {
  const started = await api.engine.startExecution(startOptions(input))
  return { executionArn: started.executionArn, startDate: seconds(started.startDate) }
}

export const startSyncExecution: Operation = async (api, input, context) => {
  const options = startOptions(input)
  const result = await api.engine.startSyncExecution({
    ...options,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  })
  const metadataOnly = optionalText(input, 'includedData') === 'METADATA_ONLY'
  return present({
    executionArn: result.executionArn,
    stateMachineArn: result.stateMachineArn,
    name: result.name,
    startDate: seconds(result.startDate),
    stopDate: seconds(result.stopDate),
    status: result.status,
    error: result.error,
    cause: result.cause,
    // Synchronous executions have the details of an output even where there is none.
    ...(metadataOnly ? {} : { ...data(result), outputDetails: INCLUDED }),
    traceHeader: result.traceHeader,
    billingDetails: result.billingDetails,
  })
}

function data({ input, output }: ExecutionDescription): Record<string, unknown> {
  return present({
    input,
    inputDetails: INCLUDED,
    output,
    outputDetails: output === undefined ? undefined : INCLUDED,
  })
}

export const describeExecution: Operation = async (api, input) => {
  const described = await api.engine.describeExecution(checkArn(text(input, 'executionArn'), 'execution'))
  const metadataOnly = optionalText(input, 'includedData') === 'METADATA_ONLY'
  return present({
    executionArn: described.executionArn,
    stateMachineArn: described.stateMachineArn,
    name: described.name,
    status: described.status,
    startDate: seconds(described.startDate),
    stopDate: date(described.stopDate),
    ...(metadataOnly ? {} : data(described)),
    traceHeader: described.traceHeader,
    mapRunArn: described.mapRunArn,
    error: described.error,
    cause: described.cause,
    stateMachineVersionArn: described.stateMachineVersionArn,
    stateMachineAliasArn: described.stateMachineAliasArn,
    redriveCount: described.redriveCount,
    redriveDate: date(described.redriveDate),
    redriveStatus: described.redriveStatus,
    redriveStatusReason: described.redriveStatusReason,
  })
}

function date(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : seconds(milliseconds)
}

export const describeStateMachineForExecution: Operation = (api, input) => {
  const machine = api.engine.machineOf(checkArn(text(input, 'executionArn'), 'execution'))
  const metadataOnly = optionalText(input, 'includedData') === 'METADATA_ONLY'
  return present({
    stateMachineArn: machine.stateMachineArn,
    name: machine.name,
    definition: metadataOnly ? '{}' : machine.definition,
    roleArn: machine.roleArn,
    updateDate: seconds(machine.updateDate ?? api.now()),
    loggingConfiguration: machine.loggingConfiguration ?? DEFAULT_LOGGING,
    tracingConfiguration: machine.tracingConfiguration ?? DEFAULT_TRACING,
    encryptionConfiguration: machine.encryptionConfiguration ?? DEFAULT_ENCRYPTION,
    mapRunArn: machine.mapRunArn,
    label: machine.label,
    revisionId: machine.revisionId,
    variableReferences: metadataOnly ? undefined : variableReferences(api, machine.definition, machine.type),
  })
}

export const listExecutions: Operation = (api, input) => {
  const stateMachineArn = optionalText(input, 'stateMachineArn')
  const mapRunArn = optionalText(input, 'mapRunArn')
  if ((stateMachineArn === undefined) === (mapRunArn === undefined)) {
    throw new AwsError('ValidationException', 'Exactly one of stateMachineArn and mapRunArn must be specified')
  }
  if (stateMachineArn !== undefined) checkMachine(api, checkArn(stateMachineArn, 'stateMachine'))
  if (mapRunArn !== undefined) checkArn(mapRunArn, 'mapRun')
  const status = optionalText(input, 'statusFilter')
  const redrive = optionalText(input, 'redriveFilter')
  const purpose = `ListExecutions ${stateMachineArn ?? mapRunArn} ${status ?? ''} ${redrive ?? ''}`
  const { after, maxResults } = readPage(input, api.pageTokens, purpose)
  const page = api.engine.listExecutions({
    maxResults,
    ...(stateMachineArn === undefined ? {} : { stateMachineArn }),
    ...(mapRunArn === undefined ? {} : { mapRunArn }),
    ...(status === undefined ? {} : { statusFilter: status as ExecutionStatus }),
    ...(redrive === undefined ? {} : { redriveFilter: redrive as 'REDRIVEN' | 'NOT_REDRIVEN' }),
    ...(after === undefined ? {} : { after }),
  })
  return present({
    executions: page.items.map(listed),
    nextToken: page.next === undefined ? undefined : api.pageTokens.seal(page.next, purpose),
  })
}

function checkMachine(api: Api, arn: string): void {
  const machine = requireQualified(api, arn)
  if (machine.type === 'EXPRESS') {
    throw new AwsError('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine')
  }
}

/** The machine of an ARN that may name a version or alias, which must exist too. */
function requireQualified(api: Api, arn: string): { type: 'STANDARD' | 'EXPRESS' } {
  const { machineArn, qualifier } = machineArnParts(arn)
  const missing = new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
  if (qualifier === undefined) return requireMachine(api, arn)
  const known =
    api.catalog.collection('AWS::StepFunctions::StateMachineVersion').has(arn) ||
    api.catalog.collection('AWS::StepFunctions::StateMachineAlias').has(arn)
  if (!known) throw missing
  return requireMachine(api, machineArn)
}

function listed(item: ExecutionListItem): Record<string, unknown> {
  return present({
    executionArn: item.executionArn,
    stateMachineArn: item.stateMachineArn,
    name: item.name,
    status: item.status,
    startDate: seconds(item.startDate),
    stopDate: date(item.stopDate),
    mapRunArn: item.mapRunArn,
    itemCount: item.itemCount,
    stateMachineVersionArn: item.stateMachineVersionArn,
    stateMachineAliasArn: item.stateMachineAliasArn,
    redriveCount: item.redriveCount,
    redriveDate: date(item.redriveDate),
  })
}

export const stopExecution: Operation = async (api, input) => {
  const executionArn = checkArn(text(input, 'executionArn'), 'execution')
  const error = optionalText(input, 'error')
  const cause = optionalText(input, 'cause')
  const { stopDate } = await api.engine.stopExecution({
    executionArn,
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  })
  return { stopDate: seconds(stopDate) }
}

export const redriveExecution: Operation = async (api, input) => {
  const executionArn = checkArn(text(input, 'executionArn'), 'execution')
  const clientToken = optionalText(input, 'clientToken')
  const { redriveDate } = await api.engine.redriveExecution({
    executionArn,
    ...(clientToken === undefined ? {} : { clientToken }),
  })
  return { redriveDate: seconds(redriveDate) }
}

export const getExecutionHistory: Operation = async (api, input) => {
  const executionArn = checkArn(text(input, 'executionArn'), 'execution')
  const reverseOrder = flag(input, 'reverseOrder') === true
  const includeExecutionData = flag(input, 'includeExecutionData') !== false
  const purpose = `GetExecutionHistory ${executionArn} ${reverseOrder}`
  const { after, maxResults } = readPage(input, api.pageTokens, purpose)
  const page = await api.engine.getExecutionHistory({
    executionArn,
    reverseOrder,
    includeExecutionData,
    maxResults,
    ...(after === undefined ? {} : { after }),
  })
  return present({
    events: page.items.map(wireEvent),
    nextToken: page.next === undefined ? undefined : api.pageTokens.seal(page.next, purpose),
  })
}

/** An event as the API writes it: times in seconds. */
export function wireEvent(event: HistoryEvent): Record<string, unknown> {
  return { ...event, timestamp: seconds(event.timestamp) }
}
