import type { WorkflowsConfig } from './config.ts'
import { REFUSING_CODE, resolverCode } from './resolverCode.ts'

/** Data sources that the generated resolvers use. */
export const STATES_SOURCE = 'StepFunctions'
export const SYNC_STATES_SOURCE = 'StepFunctionsSync'

/** Mutations to which the server itself publishes; no client may call them. Ours alone: they do not deploy. */
export const EXECUTION_CHANGED = 'publishExecutionChanged'
export const HISTORY_EVENT = 'publishHistoryEvent'

export interface GeneratedResolver {
  typeName: 'Query' | 'Mutation'
  fieldName: string
  /** `NONE` for a field that calls nothing. */
  dataSource: typeof STATES_SOURCE | typeof SYNC_STATES_SOURCE | 'NONE'
  /** APPSYNC_JS 1.0.0. */
  code: string
}

/** What makes workflows fields of an API. */
export interface GeneratedWorkflows {
  /** SDL of the types beside the root types. */
  types: string
  /** SDL of fields, one a line, by root type. */
  fields: Record<'Query' | 'Mutation' | 'Subscription', string[]>
  resolvers: GeneratedResolver[]
  /** Endpoint by data source; both are signed for `states`. */
  endpoints: Record<typeof STATES_SOURCE | typeof SYNC_STATES_SOURCE, string>
}

export interface GenerateOptions {
  accountId: string
  region: string
  /** The two subscriptions and what they need, which work on this server only. @default true */
  subscriptions?: boolean
}

/** Writes the schema and resolvers of a configuration. */
export function generateWorkflows(config: WorkflowsConfig, options: GenerateOptions): GeneratedWorkflows {
  const { accountId, region } = options
  const directives = config.directives === '' ? '' : ` ${config.directives}`
  const arnOf = (name: string): string => `arn:aws:states:${region}:${accountId}:stateMachine:${name}`
  const machines = config.machines.map(({ stateMachine }) => arnOf(stateMachine))
  const fields: GeneratedWorkflows['fields'] = { Query: [], Mutation: [], Subscription: [] }
  const resolvers: GeneratedResolver[] = []
  const add = (
    typeName: 'Query' | 'Mutation',
    signature: string,
    call: { operation: string; input: string; value: string; sync?: boolean },
  ): void => {
    fields[typeName].push(`${signature}${directives}`)
    resolvers.push({
      typeName,
      fieldName: /^\w+/.exec(signature)?.[0] ?? '',
      dataSource: call.sync === true ? SYNC_STATES_SOURCE : STATES_SOURCE,
      code: resolverCode({ operation: call.operation, input: call.input, value: call.value, machines }),
    })
  }

  for (const machine of config.machines) {
    const type = machine.input ?? 'AWSJSON'
    const start = `const input = { stateMachineArn: '${arnOf(machine.stateMachine)}', input: JSON.stringify(args.input ?? {}) };
if (args.name) {
  input.name = args.name;
}
return input;`
    const started = `return execution({ ...data, stateMachineArn: '${arnOf(machine.stateMachine)}' });`
    add('Mutation', `start${machine.field}(input: ${type}, name: String): WorkflowExecution`, {
      operation: 'StartExecution',
      input: start,
      value: started,
    })
    if (machine.sync) {
      add('Mutation', `start${machine.field}Sync(input: ${type}, name: String): WorkflowExecution`, {
        operation: 'StartSyncExecution',
        input: start,
        value: started,
        sync: true,
      })
    }
  }
  addMutations(add)
  addQueries(add, arnOf)
  if (options.subscriptions !== false) {
    fields.Mutation.push(
      `${EXECUTION_CHANGED}: WorkflowExecution${directives}`,
      `${HISTORY_EVENT}: WorkflowHistoryEvent${directives}`,
    )
    for (const fieldName of [EXECUTION_CHANGED, HISTORY_EVENT]) {
      resolvers.push({ typeName: 'Mutation', fieldName, dataSource: 'NONE', code: REFUSING_CODE })
    }
    fields.Subscription.push(
      `onExecutionChanged(executionArn: String, stateMachine: String): WorkflowExecution @aws_subscribe(mutations: ["${EXECUTION_CHANGED}"])${directives}`,
      `onHistoryEvent(executionArn: String!): WorkflowHistoryEvent @aws_subscribe(mutations: ["${HISTORY_EVENT}"])${directives}`,
    )
  }
  return {
    types: typesOf(directives),
    fields,
    resolvers,
    endpoints: {
      [STATES_SOURCE]: `https://states.${region}.amazonaws.com/`,
      [SYNC_STATES_SOURCE]: `https://sync-states.${region}.amazonaws.com/`,
    },
  }
}

type Add = (
  typeName: 'Query' | 'Mutation',
  signature: string,
  call: { operation: string; input: string; value: string; sync?: boolean },
) => void

const ONLY_EXPOSED = `if (!exposed(args.executionArn)) {
  return null;
}`

function addMutations(add: Add): void {
  add('Mutation', 'stopExecution(executionArn: String!, error: String, cause: String): WorkflowExecution', {
    operation: 'StopExecution',
    input: `${ONLY_EXPOSED}
return { executionArn: args.executionArn, error: args.error, cause: args.cause };`,
    value: `return execution({ ...data, executionArn: args.executionArn, status: 'ABORTED' });`,
  })
  add('Mutation', 'redriveExecution(executionArn: String!): WorkflowExecution', {
    operation: 'RedriveExecution',
    input: `${ONLY_EXPOSED}
return { executionArn: args.executionArn };`,
    value: `return execution({ executionArn: args.executionArn });`,
  })
  add('Mutation', 'sendTaskSuccess(taskToken: String!, output: AWSJSON!): Boolean', {
    operation: 'SendTaskSuccess',
    input: 'return { taskToken: args.taskToken, output: JSON.stringify(args.output) };',
    value: 'return true;',
  })
  add('Mutation', 'sendTaskFailure(taskToken: String!, error: String, cause: String): Boolean', {
    operation: 'SendTaskFailure',
    input: 'return { taskToken: args.taskToken, error: args.error, cause: args.cause };',
    value: 'return true;',
  })
  add('Mutation', 'sendTaskHeartbeat(taskToken: String!): Boolean', {
    operation: 'SendTaskHeartbeat',
    input: 'return { taskToken: args.taskToken };',
    value: 'return true;',
  })
  add('Mutation', 'getActivityTask(activityArn: String!, workerName: String): WorkflowActivityTask', {
    operation: 'GetActivityTask',
    input: 'return { activityArn: args.activityArn, workerName: args.workerName };',
    value: 'return data.taskToken ? { taskToken: data.taskToken, input: data.input } : null;',
  })
}

function addQueries(add: Add, arnOf: (name: string) => string): void {
  add('Query', 'stateMachines: [WorkflowStateMachine!]', {
    operation: 'ListStateMachines',
    input: 'return { maxResults: 1000 };',
    value: `return data.stateMachines
  .filter((machine) => MACHINES.includes(machine.stateMachineArn))
  .map((machine) => ({
    stateMachineArn: machine.stateMachineArn,
    name: machine.name,
    type: machine.type,
    creationDate: time(machine.creationDate),
  }));`,
  })
  add('Query', 'execution(executionArn: String!): WorkflowExecution', {
    operation: 'DescribeExecution',
    input: `${ONLY_EXPOSED}
return { executionArn: args.executionArn };`,
    value: 'return execution(data);',
  })
  add(
    'Query',
    'executions(stateMachine: String!, status: WorkflowStatus, limit: Int, nextToken: String): WorkflowExecutionPage',
    {
      operation: 'ListExecutions',
      input: `const stateMachineArn = '${arnOf('')}' + args.stateMachine;
if (!MACHINES.includes(stateMachineArn)) {
  return null;
}
return { stateMachineArn, statusFilter: args.status, maxResults: args.limit, nextToken: args.nextToken };`,
      value: 'return { items: data.executions.map((item) => execution(item)), nextToken: data.nextToken };',
    },
  )
  add(
    'Query',
    'executionHistory(executionArn: String!, reverseOrder: Boolean, limit: Int, nextToken: String): WorkflowHistoryPage',
    {
      operation: 'GetExecutionHistory',
      input: `${ONLY_EXPOSED}
return {
  executionArn: args.executionArn,
  reverseOrder: args.reverseOrder,
  maxResults: args.limit,
  nextToken: args.nextToken,
};`,
      value: `return {
  items: data.events.map((event) => ({
    executionArn: args.executionArn,
    id: event.id,
    previousEventId: event.previousEventId,
    type: event.type,
    timestamp: time(event.timestamp),
    details: JSON.stringify(event[Object.keys(event).find((key) => key.endsWith('EventDetails'))] ?? {}),
  })),
  nextToken: data.nextToken,
};`,
    },
  )
}

function typesOf(directives: string): string {
  return `enum WorkflowStatus {
  RUNNING
  SUCCEEDED
  FAILED
  TIMED_OUT
  ABORTED
  PENDING_REDRIVE
}

type WorkflowExecution${directives} {
  executionArn: String!
  stateMachineArn: String
  "Name of the state machine."
  stateMachine: String
  name: String
  status: WorkflowStatus
  input: AWSJSON
  output: AWSJSON
  error: String
  cause: String
  startDate: AWSDateTime
  stopDate: AWSDateTime
  redriveCount: Int
}

type WorkflowExecutionPage${directives} {
  items: [WorkflowExecution!]!
  nextToken: String
}

type WorkflowHistoryEvent${directives} {
  executionArn: String!
  id: Int!
  previousEventId: Int
  type: String!
  timestamp: AWSDateTime
  "The event's details, by the names of the Step Functions API."
  details: AWSJSON
}

type WorkflowHistoryPage${directives} {
  items: [WorkflowHistoryEvent!]!
  nextToken: String
}

type WorkflowStateMachine${directives} {
  stateMachineArn: String!
  name: String!
  type: String
  creationDate: AWSDateTime
}

type WorkflowActivityTask${directives} {
  taskToken: String!
  input: AWSJSON
}
`
}
