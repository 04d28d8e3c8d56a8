import type { Scope } from '../../aws/arn.ts'
import type { Catalog } from '../../catalog.ts'
import type { GraphqlApi } from '../../resources.ts'
import { isObject } from '../asl/json.ts'
import type { ExecutionDescription, WorkflowEngine } from '../engine.ts'
import type { HistoryEvent } from '../history.ts'
import { readWorkflowsConfig, type WorkflowsConfig } from './config.ts'
import {
  EXECUTION_CHANGED,
  type GeneratedWorkflows,
  generateWorkflows,
  HISTORY_EVENT,
  STATES_SOURCE,
  SYNC_STATES_SOURCE,
} from './generate.ts'
import { mergeSchema } from './mergeSchema.ts'

/** A published value: plain data with the names of its types, as subscribers select from it. */
export type PublishedObject = Readonly<Record<string, string | number | null>>

export interface ExposeWorkflowsOptions {
  catalog: Catalog
  engine: WorkflowEngine
  /** `workflows:` of the local settings, unchecked. */
  settings: unknown
  scope: Scope
  /** Puts a value on the bus, as if the mutation of that name had returned it. */
  publish(event: { apiId: string; fieldName: string; result: PublishedObject }): void
}

/**
 * Gives an API the fields of its workflows: types, data sources and resolvers go into the catalog, changes of
 * executions to its subscribers. Call it when the project has been loaded (again).
 *
 * @returns what is wrong with the settings (nothing was changed then), and a function that ends the publishing
 */
export function exposeWorkflows(options: ExposeWorkflowsOptions): { problems: string[]; close(): void } {
  const nothing = { problems: [] as string[], close: () => {} }
  const { settings } = options
  if (settings === undefined || (isObject(settings) && Object.keys(settings).length === 0)) return nothing
  const read = readWorkflowsConfig(settings)
  if ('problems' in read) return { ...nothing, problems: read.problems }
  const { config } = read
  const api = options.catalog
    .collection('AWS::AppSync::GraphQLApi')
    .list()
    .find(({ name }) => name === config.api)
  if (api === undefined) return { ...nothing, problems: [`workflows.api: there is no API named ${config.api}`] }
  try {
    install(options.catalog, api, generateWorkflows(config, options.scope))
  } catch (error) {
    return { ...nothing, problems: [`workflows: ${error instanceof Error ? error.message : String(error)}`] }
  }
  return { problems: [], close: publishChanges(options, api, config) }
}

/** Schemas as they were before and after, so that exposing again starts from the project's own text. */
const merges = new WeakMap<Catalog, Map<string, { own: string; merged: string }>>()

function install(catalog: Catalog, api: GraphqlApi, generated: GeneratedWorkflows): void {
  const schemas = catalog.collection('AWS::AppSync::GraphQLSchema')
  const schema = schemas.get(`${api.arn}/schema`)
  if (schema === undefined) throw new Error(`the API ${api.name} has no schema`)
  const known = merges.get(catalog) ?? new Map<string, { own: string; merged: string }>()
  merges.set(catalog, known)
  const before = known.get(api.arn)
  const own = before !== undefined && before.merged === schema.definition ? before.own : schema.definition
  const definition = mergeSchema(own, generated)
  known.set(api.arn, { own, merged: definition })
  catalog.transaction(() => {
    const sources = catalog.collection('AWS::AppSync::DataSource')
    for (const name of [STATES_SOURCE, SYNC_STATES_SOURCE] as const) {
      sources.put(
        {
          arn: `${api.arn}/datasources/${name}`,
          apiId: api.apiId,
          name,
          type: 'HTTP',
          httpConfig: {
            endpoint: generated.endpoints[name],
            authorizationConfig: {
              authorizationType: 'AWS_IAM',
              awsIamConfig: { signingRegion: regionOf(generated.endpoints[name]), signingServiceName: 'states' },
            },
          },
        },
        'project',
      )
    }
    sources.put(
      { arn: `${api.arn}/datasources/WorkflowsNone`, apiId: api.apiId, name: 'WorkflowsNone', type: 'NONE' },
      'project',
    )
    const resolvers = catalog.collection('AWS::AppSync::Resolver')
    for (const { typeName, fieldName, dataSource, code } of generated.resolvers) {
      resolvers.put(
        {
          arn: `${api.arn}/types/${typeName}/resolvers/${fieldName}`,
          apiId: api.apiId,
          typeName,
          fieldName,
          kind: 'UNIT',
          dataSourceName: dataSource === 'NONE' ? 'WorkflowsNone' : dataSource,
          code,
          runtime: { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' },
        },
        'project',
      )
    }
    schemas.put({ ...schema, definition }, schemas.originOf(schema.arn) ?? 'project')
  })
}

function regionOf(endpoint: string): string {
  return new URL(endpoint).hostname.split('.')[1] ?? ''
}

function publishChanges(options: ExposeWorkflowsOptions, api: GraphqlApi, config: WorkflowsConfig): () => void {
  const { accountId, region } = options.scope
  const exposed = new Set(
    config.machines.map(({ stateMachine }) => `arn:aws:states:${region}:${accountId}:stateMachine:${stateMachine}`),
  )
  return options.engine.subscribe({}, ({ execution, events, statusChanged }) => {
    if (!exposed.has(execution.stateMachineArn)) return
    for (const event of events) {
      options.publish({ apiId: api.apiId, fieldName: HISTORY_EVENT, result: publishedEvent(execution, event) })
    }
    if (statusChanged) {
      options.publish({ apiId: api.apiId, fieldName: EXECUTION_CHANGED, result: publishedExecution(execution) })
    }
  })
}

function publishedExecution(execution: ExecutionDescription): PublishedObject {
  return {
    __typename: 'WorkflowExecution',
    executionArn: execution.executionArn,
    stateMachineArn: execution.stateMachineArn,
    stateMachine: execution.stateMachineArn.split(':')[6] ?? '',
    name: execution.name,
    status: execution.status,
    input: execution.input,
    output: execution.output ?? null,
    error: execution.error ?? null,
    cause: execution.cause ?? null,
    startDate: time(execution.startDate),
    stopDate: time(execution.stopDate),
    redriveCount: execution.redriveCount,
  }
}

function publishedEvent({ executionArn }: ExecutionDescription, event: HistoryEvent): PublishedObject {
  const details = Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1]
  return {
    __typename: 'WorkflowHistoryEvent',
    executionArn,
    id: event.id,
    previousEventId: event.previousEventId,
    type: event.type,
    timestamp: time(event.timestamp),
    details: JSON.stringify(details ?? {}),
  }
}

function time(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString()
}
