// APPSYNC_JS resolvers of generated fields. They are what `sidestage generate workflows` writes, so they are plain
// enough to be read and changed by hand, and run here and on AWS alike.

/** Source text of a resolver that makes one call of the Step Functions API. */
export interface ResolverParts {
  operation: string
  /** Body of a function of `args` that returns the operation's input, or null to make no call. */
  input: string
  /** Body of a function of `data` and `args` that returns the field's value. */
  value: string
  /** ARNs of the state machines that the API exposes. */
  machines: readonly string[]
}

/** Writes a resolver. */
export function resolverCode({ operation, input, value, machines }: ResolverParts): string {
  return `import { runtime, util } from '@aws-appsync/utils';

const MACHINES = ${JSON.stringify(machines)};

function exposed(arn) {
  const parts = arn.split(':');
  return MACHINES.some((machine) => machine.split(':')[6] === parts[6] && machine.split(':')[4] === parts[4]);
}

function time(seconds) {
  return seconds ? util.time.epochMilliSecondsToISO8601(Math.floor(seconds * 1000)) : null;
}

function execution(data) {
  return {
    executionArn: data.executionArn,
    stateMachineArn: data.stateMachineArn,
    stateMachine: data.executionArn.split(':')[6],
    name: data.name ?? data.executionArn.split(':')[7],
    status: data.status ?? 'RUNNING',
    input: data.input,
    output: data.output,
    error: data.error,
    cause: data.cause,
    startDate: time(data.startDate),
    stopDate: time(data.stopDate),
    redriveCount: data.redriveCount,
  };
}

function inputOf(args) {
${indent(input)}
}

function valueOf(data, args) {
${indent(value)}
}

export function request(ctx) {
  const body = inputOf(ctx.args);
  if (body === null) {
    runtime.earlyReturn(null);
  }
  return {
    method: 'POST',
    resourcePath: '/',
    params: {
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AWSStepFunctions.${operation}',
      },
      body: JSON.stringify(body),
    },
  };
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type);
  }
  const data = JSON.parse(ctx.result.body);
  if (ctx.result.statusCode !== 200) {
    const type = data.__type ? data.__type.split('#').pop() : 'StepFunctionsError';
    util.error(data.message ?? data.Message ?? type, type);
  }
  return valueOf(data, ctx.args);
}
`
}

/** A resolver of a field that only the server itself writes to. */
export const REFUSING_CODE = `import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.unauthorized();
}

export function response(ctx) {
  return null;
}
`

function indent(body: string): string {
  return body
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
