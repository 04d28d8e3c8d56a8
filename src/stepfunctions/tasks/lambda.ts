import { randomUUID } from 'node:crypto'
import type { LambdaInvoker, LambdaResult } from '../../aws/lambdaInvoker.ts'
import { isObject, member } from '../asl/json.ts'
import { textOf } from '../history.ts'
import { type TaskCall, type TaskOutcome, withTransport } from './outcome.ts'
import { optimizedFailure } from './serviceErrors.ts'

/** A function named by its ARN: the state's input is the event, the result is what the function returned. */
export async function invokeByArn(invoker: LambdaInvoker, call: TaskCall, arn: string): Promise<TaskOutcome> {
  let result: LambdaResult
  try {
    result = await invoker.invoke(
      { functionName: arn, payload: textOf(call.parameters), signal: call.signal, principalArn: call.roleArn },
      call.scope,
    )
  } catch (error) {
    return optimizedFailure('lambda', error)
  }
  return failureOf(result) ?? { type: 'succeeded', output: parsed(result.payload) }
}

/** `lambda:invoke`: the parameters are those of Invoke, the result is its answer. */
export async function invokeByParameters(invoker: LambdaInvoker, call: TaskCall): Promise<TaskOutcome> {
  const parameters = isObject(call.parameters) ? call.parameters : {}
  const text = (name: string): string | undefined => {
    const value = member(parameters, name)
    return typeof value === 'string' ? value : undefined
  }
  const payload = member(parameters, 'Payload')
  const invocationType = text('InvocationType')
  const qualifier = text('Qualifier')
  const clientContext = text('ClientContext')
  let result: LambdaResult
  try {
    result = await invoker.invoke(
      {
        functionName: text('FunctionName') ?? '',
        payload: eventText(payload),
        signal: call.signal,
        principalArn: call.roleArn,
        ...(qualifier === undefined ? {} : { qualifier }),
        ...(clientContext === undefined ? {} : { clientContext }),
        ...(invocationType === 'Event' || invocationType === 'DryRun' ? { invocationType } : {}),
      },
      call.scope,
    )
  } catch (error) {
    return optimizedFailure('lambda', error)
  }
  const logResult = text('LogType') === 'Tail' ? result.logResult : undefined
  return (
    failureOf(result) ?? {
      type: 'succeeded',
      output: invokeOutput(parsed(result.payload), result, logResult),
    }
  )
}

/** Invoke's Payload is bytes: a text that is JSON is the event itself, none is an empty object. Recorded. */
function eventText(payload: unknown): string {
  if (payload === undefined || payload === null) return '{}'
  if (typeof payload !== 'string') return textOf(payload)
  try {
    JSON.parse(payload)
    return payload
  } catch {
    return textOf(payload)
  }
}

/** The answer of Invoke as the integration shows it. */
export function invokeOutput(
  payload: unknown,
  result: { executedVersion: string; statusCode: number; requestId?: string },
  logResult?: string,
): Record<string, unknown> {
  return withTransport(
    {
      ExecutedVersion: result.executedVersion,
      ...(logResult === undefined ? {} : { LogResult: logResult }),
      ...(payload === undefined ? {} : { Payload: payload }),
      StatusCode: result.statusCode,
    },
    result.requestId ?? randomUUID(),
  )
}

function failureOf(result: LambdaResult): TaskOutcome | undefined {
  if (result.functionError === undefined) return undefined
  const error = parsed(result.payload)
  const type = isObject(error) ? member(error, 'errorType') : undefined
  if (typeof type === 'string' && type !== '') return { type: 'failed', error: type, cause: result.payload }
  return {
    type: 'failed',
    error: 'Lambda.Unknown',
    cause: `The cause could not be determined because Lambda did not return an error type. Returned payload: ${result.payload}`,
  }
}

/** What a function returned; text that is not JSON is the text. */
function parsed(payload: string): unknown {
  if (payload === '') return undefined
  try {
    return JSON.parse(payload)
  } catch {
    return payload
  }
}
