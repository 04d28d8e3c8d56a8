import { AwsError } from '../aws/errors.ts'
import type { LambdaInvoker } from '../aws/lambdaInvoker.ts'
import type { JsonService } from '../aws/service.ts'
import type { AwsCall } from '../stepfunctions/engine.ts'
import type { ServiceEndpoints } from './endpoints.ts'
import { callRemote, type RemoteCallOptions } from './remoteCalls.ts'
import { remoteService } from './remoteServices.ts'

/** Target prefixes of the embedded JSON services, by the names that `aws-sdk:SERVICE:action` uses. */
const TARGETS: Readonly<Record<string, string>> = {
  sfn: 'AWSStepFunctions',
  dynamodb: 'DynamoDB_20120810',
  dynamodbstreams: 'DynamoDBStreams_20120810',
  cognitoidentityprovider: 'AWSCognitoIdentityProviderService',
}

export interface AwsCallsOptions extends RemoteCallOptions {
  endpoints: ServiceEndpoints
  /** Asked late: the Step Functions service itself is made after the engine that calls it. */
  services: () => readonly JsonService[]
  lambda: LambdaInvoker
}

/** How workflows call AWS services: at the endpoint that is set for one, else embedded here; the others are refused. */
export function createAwsCalls({ services, lambda, endpoints, ...remote }: AwsCallsOptions) {
  return async (call: AwsCall): Promise<unknown> => {
    const operation = call.action.charAt(0).toUpperCase() + call.action.slice(1)
    if (call.service === 'lambda' && operation === 'Invoke') return invoke(lambda, call)
    const elsewhere = remoteService(call.service)
    const endpoint = elsewhere && endpoints.get(elsewhere.variable)
    if (elsewhere !== undefined && endpoint !== undefined) return callRemote(remote, elsewhere, endpoint, call)
    const prefix = Object.hasOwn(TARGETS, call.service) ? TARGETS[call.service] : undefined
    const service = services().find(({ targetPrefix }) => targetPrefix === prefix)
    if (service !== undefined)
      return service.call(operation, call.input, { ...call.scope, principalArn: call.roleArn, signal: call.signal })
    const remedy =
      elsewhere === undefined
        ? 'tasks cannot call this service here'
        : `set AWS_ENDPOINT_URL_${elsewhere.variable} to where it is`
    throw new AwsError(
      'ServiceNotEmbedded',
      `${call.service}:${call.action} cannot be called: this server does not answer for ${call.service}; ${remedy}.`,
    )
  }
}

async function invoke(lambda: LambdaInvoker, { input, scope, roleArn, signal }: AwsCall): Promise<unknown> {
  const payload = input['Payload']
  const result = await lambda.invoke(
    {
      functionName: String(input['FunctionName']),
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload ?? {}),
      principalArn: roleArn,
      signal,
      ...(typeof input['Qualifier'] === 'string' && { qualifier: input['Qualifier'] }),
      ...(input['InvocationType'] === 'Event' && { invocationType: 'Event' as const }),
    },
    scope,
  )
  return {
    ExecutedVersion: result.executedVersion,
    Payload: result.payload,
    StatusCode: result.statusCode,
    ...(result.functionError !== undefined && { FunctionError: result.functionError }),
  }
}
