import { AwsError } from '../../aws/errors.ts'
import { isObject, member } from '../asl/json.ts'
import { exceedsDataLimit } from '../dataLimit.ts'
import type { MockedResponse, WorkflowIntegrations } from '../engine.ts'
import { textOf } from '../history.ts'
import { callDynamoDB } from './dynamodb.ts'
import { invokeHttp } from './http.ts'
import { invokeByArn, invokeByParameters } from './lambda.ts'
import { mockedOutcome } from './mocks.ts'
import { type TaskCall, type TaskOutcome, withTransport } from './outcome.ts'
import { optimizedFailure, sdkFailure } from './serviceErrors.ts'

export interface TaskServices {
  integrations: WorkflowIntegrations
  /** StartExecution for a task; with `parent` the end is reported to it. */
  startNested(
    options: { stateMachineArn: string; name?: string; input: string },
    call: TaskCall,
    reports: boolean,
  ): Promise<{ executionArn: string; startDate: number }>
  /** An operation of Step Functions itself, by its camelCase name; undefined where there is none. */
  stepFunctions(action: string, input: Record<string, unknown>): Promise<Record<string, unknown>> | undefined
}

/** Calls what a task names, or the response that a mock configuration has for it. Never rejects. */
export async function perform(services: TaskServices, call: TaskCall, mock?: MockedResponse): Promise<TaskOutcome> {
  let outcome: TaskOutcome
  try {
    outcome = mock === undefined ? await dispatch(services, call) : mockedOutcome(call.resource, mock)
  } catch (error) {
    outcome = {
      type: 'failed',
      error: 'States.TaskFailed',
      cause: error instanceof Error ? error.message : String(error),
    }
  }
  if (outcome.type !== 'failed' && exceedsDataLimit(outcome.output)) return tooLarge(call)
  return outcome
}

function tooLarge({ resource }: TaskCall): TaskOutcome {
  const name = resource.kind === 'service' ? resource.resourceType : resource.arn
  return {
    type: 'failed',
    error: 'States.DataLimitExceeded',
    cause: `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  }
}

async function dispatch(services: TaskServices, call: TaskCall): Promise<TaskOutcome> {
  const { resource } = call
  if (resource.kind === 'lambda') {
    const { lambda } = services.integrations
    if (lambda === undefined) return missing('lambda')
    return invokeByArn(lambda, call, resource.arn)
  }
  if (resource.kind === 'activity') throw new Error('an activity is taken, not called')
  const nested = !resource.sdk && resource.service === 'states' && resource.action === 'startExecution'
  if (nested) return startNested(services, call, resource.pattern)
  if (resource.pattern === 'sync' || resource.pattern === 'sync:2') {
    return {
      type: 'failed',
      error: 'States.TaskFailed',
      cause: `${resource.resourceType}:${resource.resource} is not available here: nothing tells when its work has ended`,
    }
  }
  const outcome = await request(services, call, resource)
  return outcome.type === 'succeeded' && resource.pattern === 'waitForTaskToken'
    ? { type: 'submitted', output: outcome.output }
    : outcome
}

async function request(
  services: TaskServices,
  call: TaskCall,
  resource: Extract<TaskCall['resource'], { kind: 'service' }>,
): Promise<TaskOutcome> {
  const { integrations } = services
  const { service, action, sdk } = resource
  const input = isObject(call.parameters) ? call.parameters : {}
  if (!sdk) {
    if (service === 'lambda' && action === 'invoke') {
      return integrations.lambda === undefined ? missing('lambda') : invokeByParameters(integrations.lambda, call)
    }
    if (service === 'dynamodb' && integrations.dynamodb !== undefined) {
      return callDynamoDB(integrations.dynamodb, call, action)
    }
    if (service === 'http' && action === 'invoke') return invokeHttp(integrations, call)
  } else if (service === 'sfn') {
    try {
      const output = await services.stepFunctions(action, input)
      if (output !== undefined) return { type: 'succeeded', output }
    } catch (error) {
      return sdkFailure(service, error)
    }
  } else if (service === 'dynamodb' && integrations.dynamodb !== undefined) {
    try {
      const operation = action.slice(0, 1).toUpperCase() + action.slice(1)
      return { type: 'succeeded', output: await integrations.dynamodb.send(operation, input, call.scope) }
    } catch (error) {
      return sdkFailure(service, error)
    }
  }
  if (integrations.awsSdk === undefined) return missing(service)
  try {
    const { scope, roleArn, executionArn, signal } = call
    const output = await integrations.awsSdk({ service, action, input, scope, roleArn, executionArn, signal })
    if (!sdk && isObject(output) && service === 'events' && action === 'putEvents') return putEventsOutcome(output)
    return {
      type: 'succeeded',
      output:
        sdk || !isObject(output) || Object.hasOwn(output, 'SdkHttpMetadata')
          ? output
          : withTransport(output, crypto.randomUUID()),
    }
  } catch (error) {
    return sdk ? sdkFailure(service, error) : optimizedFailure(service, error)
  }
}

/** An entry that EventBridge refused fails the whole task, with its answer as the cause. */
function putEventsOutcome(output: Record<string, unknown>): TaskOutcome {
  const failed = member(output, 'FailedEntryCount')
  if (typeof failed === 'number' && failed > 0) {
    return { type: 'failed', error: 'EventBridge.FailedEntry', cause: textOf(output) }
  }
  return { type: 'succeeded', output: withTransport(output, crypto.randomUUID()) }
}

async function startNested(
  services: TaskServices,
  call: TaskCall,
  pattern: 'requestResponse' | 'sync' | 'sync:2' | 'waitForTaskToken',
): Promise<TaskOutcome> {
  const parameters = isObject(call.parameters) ? call.parameters : {}
  const stateMachineArn = member(parameters, 'StateMachineArn')
  const name = member(parameters, 'Name')
  const given = member(parameters, 'Input')
  const input = given === undefined || given === null ? '{}' : typeof given === 'string' ? given : textOf(given)
  const reports = pattern === 'sync' || pattern === 'sync:2'
  try {
    JSON.parse(input)
  } catch {
    return optimizedFailure(
      'states',
      new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${input}'`),
    )
  }
  try {
    const started = await services.startNested(
      {
        stateMachineArn: typeof stateMachineArn === 'string' ? stateMachineArn : '',
        ...(typeof name === 'string' ? { name } : {}),
        input,
      },
      call,
      reports,
    )
    const output = withTransport(
      { ExecutionArn: started.executionArn, StartDate: started.startDate },
      crypto.randomUUID(),
    )
    if (reports) return { type: 'submitted', output, child: started.executionArn }
    return pattern === 'waitForTaskToken' ? { type: 'submitted', output } : { type: 'succeeded', output }
  } catch (error) {
    return optimizedFailure('states', error)
  }
}

function missing(service: string): TaskOutcome {
  const variable = `AWS_ENDPOINT_URL_${service.toUpperCase().replaceAll('-', '_')}`
  return {
    type: 'failed',
    error: 'States.TaskFailed',
    cause: `There is no service '${service}' here. Set ${variable} to where it is.`,
  }
}
