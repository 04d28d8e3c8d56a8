import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AwsError } from '../../../src/aws/errors.ts'
import { deployableWorkflows } from '../../../src/stepfunctions/graphql/deployable.ts'
import { exposeWorkflows, type PublishedObject } from '../../../src/stepfunctions/graphql/exposeWorkflows.ts'
import { createGraphqlFixture } from '../../support/graphqlFixture.ts'
import { ROLE_ARN, type StepFunctions, startStepFunctions } from '../api/startStepFunctions.ts'

const SCHEMA = `
input ReviewInput { text: String! }
type Query { ok: Boolean }
type Mutation { ok: Boolean }
schema { query: Query mutation: Mutation }
`
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:review-order'

let service: StepFunctions
let fixture: ReturnType<typeof createGraphqlFixture>
let published: { fieldName: string; result: PublishedObject }[]
let exposed: { problems: string[]; close(): void }

function expose(settings: unknown): { problems: string[]; close(): void } {
  return exposeWorkflows({
    catalog: fixture.catalog,
    engine: service.engine,
    settings,
    scope: { accountId: '000000000000', region: 'us-east-1' },
    publish: ({ fieldName, result }) => void published.push({ fieldName, result }),
  })
}

beforeEach(async () => {
  service = startStepFunctions()
  published = []
  fixture = createGraphqlFixture({
    schema: SCHEMA,
    dataSourceOptions: {
      http: {
        credentialsFor: () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
        // As the server answers for the hosts of embedded services.
        async embedded({ url, headers, body }) {
          expect(url.hostname).toMatch(/^(sync-)?states\.us-east-1\.amazonaws\.com$/)
          expect(headers.some(([name]) => name.toLowerCase() === 'authorization')).toBe(true)
          const target = headers.find(([name]) => name.toLowerCase() === 'x-amz-target')?.[1] ?? ''
          try {
            const answer = await service.call(target.split('.')[1] ?? '', JSON.parse(body ?? '{}'))
            return { statusCode: 200, headers: {}, body: JSON.stringify(answer) }
          } catch (error) {
            if (!(error instanceof AwsError)) throw error
            return {
              statusCode: 400,
              headers: {},
              body: JSON.stringify({ __type: error.code, message: error.message }),
            }
          }
        },
      },
    },
  })
  await service.call('CreateStateMachine', {
    name: 'review-order',
    definition: JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }),
    roleArn: ROLE_ARN,
  })
  exposed = expose({ api: 'test', machines: [{ stateMachine: 'review-order', input: 'ReviewInput' }] })
})
afterEach(async () => {
  exposed.close()
  await service.close()
})

async function data(query: string): Promise<Record<string, unknown>> {
  const { body } = await fixture.run(query)
  expect((body as { errors?: unknown }).errors).toBeUndefined()
  return (body as { data: Record<string, unknown> }).data
}

describe('an API with workflows', () => {
  it('starts machines by a typed mutation and shows how they went', async () => {
    expect(exposed.problems).toEqual([])
    const { startReviewOrder } = await data(
      'mutation { startReviewOrder(input: {text: "x"}, name: "e") { executionArn stateMachine name status startDate } }',
    )
    const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:review-order:e'
    expect(startReviewOrder).toEqual({
      executionArn,
      stateMachine: 'review-order',
      name: 'e',
      status: 'RUNNING',
      startDate: expect.stringMatching(/^20\d\d-.*Z$/),
    })
    await service.engine.idle()
    expect(
      await data(`{
        stateMachines { stateMachineArn name type }
        execution(executionArn: "${executionArn}") { status input output stateMachineArn }
        executions(stateMachine: "review-order", status: SUCCEEDED) { items { name status } nextToken }
        executionHistory(executionArn: "${executionArn}", limit: 2) { items { id type details } nextToken }
      }`),
    ).toEqual({
      stateMachines: [{ stateMachineArn: MACHINE, name: 'review-order', type: 'STANDARD' }],
      execution: { status: 'SUCCEEDED', input: '{"text":"x"}', output: '{"text":"x"}', stateMachineArn: MACHINE },
      executions: { items: [{ name: 'e', status: 'SUCCEEDED' }], nextToken: null },
      executionHistory: {
        items: [
          { id: 1, type: 'ExecutionStarted', details: expect.stringContaining('{\\"text\\":\\"x\\"}') },
          { id: 2, type: 'PassStateEntered', details: expect.any(String) },
        ],
        nextToken: expect.any(String),
      },
    })
  })

  it('publishes every event and every change of status, in order', async () => {
    await data('mutation { startReviewOrder(input: {text: "x"}) { name } }')
    await service.engine.idle()
    const events = published.filter(({ fieldName }) => fieldName === 'publishHistoryEvent').map(({ result }) => result)
    expect(events.map(({ id, type }) => [id, type])).toEqual([
      [1, 'ExecutionStarted'],
      [2, 'PassStateEntered'],
      [3, 'PassStateExited'],
      [4, 'ExecutionSucceeded'],
    ])
    const changes = published
      .filter(({ fieldName }) => fieldName === 'publishExecutionChanged')
      .map(({ result }) => result['status'])
    expect(changes.at(-1)).toBe('SUCCEEDED')
  })

  it('lets nobody publish, and shows no machine but its own', async () => {
    const { body } = await fixture.run('mutation { publishExecutionChanged { name } }')
    expect(body).toMatchObject({ errors: [{ errorType: 'Unauthorized' }] })
    await service.call('CreateStateMachine', {
      name: 'other',
      definition: JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }),
      roleArn: ROLE_ARN,
    })
    const { executionArn } = await service.call('StartExecution', {
      stateMachineArn: MACHINE.replace('review-order', 'other'),
    })
    expect(
      await data(`{
        execution(executionArn: "${String(executionArn)}") { status }
        executions(stateMachine: "other") { items { name } }
        executionHistory(executionArn: "${String(executionArn)}") { items { id } }
      }`),
    ).toEqual({ execution: null, executions: null, executionHistory: null })
    expect(await data(`mutation { stopExecution(executionArn: "${String(executionArn)}") { status } }`)).toEqual({
      stopExecution: null,
    })
  })

  it('hands the service’s errors on', async () => {
    const { body } = await fixture.run('mutation { sendTaskSuccess(taskToken: "x", output: "{}") }')
    expect(body).toMatchObject({ data: { sendTaskSuccess: null }, errors: [{ errorType: 'InvalidToken' }] })
  })
})

describe('settings of workflows', () => {
  it.each([
    [[], ['workflows: must be a mapping']],
    [{ api: 'test' }, ['workflows.machines: must be a list of state machines']],
    [
      { machines: ['m'], nonsense: 1 },
      ['workflows.nonsense: is unknown; known are api, machines, directives', 'workflows.api: is required'],
    ],
    [{ api: 'nope', machines: ['m'] }, ['workflows.api: there is no API named nope']],
    [
      { api: 'test', machines: ['a b', 'aB', { stateMachine: 'x', field: 'AB' }] },
      ['workflows.machines: two machines are started by startAB; give one of them another field'],
    ],
    [
      { api: 'test', machines: ['m'], directives: '} type X {' },
      ['workflows.directives: must be GraphQL directives, for example "@aws_iam"'],
    ],
  ])('%j: %j', (settings, problems) => {
    expect(expose(settings).problems).toEqual(problems)
  })

  it('can be read again', async () => {
    exposed.close()
    exposed = expose({ api: 'test', machines: [{ stateMachine: 'review-order', field: 'Review', sync: true }] })
    expect(exposed.problems).toEqual([])
    expect(await data('{ __type(name: "Mutation") { fields { name } } }')).toMatchObject({
      __type: { fields: expect.arrayContaining([{ name: 'startReview' }, { name: 'startReviewSync' }]) },
    })
    fixture.putSchema(`${SCHEMA} type WorkflowExecution { x: Int }`)
    expect(expose({ api: 'test', machines: ['m'] }).problems).toEqual([
      'workflows: The schema has a type WorkflowExecution already',
    ])
  })

  it('that are not there change nothing', () => {
    expect(expose(undefined).problems).toEqual([])
    expect(expose({}).problems).toEqual([])
  })
})

describe('what deploys', () => {
  it('is the schema, the resolvers and a template that names them, without what is ours alone', () => {
    const made = deployableWorkflows(
      { api: 'orders', machines: [{ stateMachine: 'review-order', input: 'ReviewInput', sync: true }] },
      { accountId: '111111111111', region: 'eu-west-1' },
    )
    if ('problems' in made) throw new Error(made.problems.join())
    const names = [...made.files.keys()]
    expect(names).toContain('resolvers/Mutation.startReviewOrder.js')
    expect(names.filter((name) => name.startsWith('resolvers/'))).toHaveLength(12)
    expect(made.files.get('workflows.graphql')).toContain(
      'startReviewOrderSync(input: ReviewInput, name: String): WorkflowExecution',
    )
    expect([...made.files.values()].join()).not.toMatch(/publish(Execution|History)/)
    const template = JSON.parse(made.files.get('workflows.template.json') ?? '') as {
      Resources: Record<string, { Type: string; Properties: object }>
    }
    expect(template.Resources['MutationStartReviewOrderSync']).toMatchObject({
      Type: 'AWS::AppSync::Resolver',
      Properties: { CodeS3Location: 'resolvers/Mutation.startReviewOrderSync.js', FieldName: 'startReviewOrderSync' },
    })
    expect(template.Resources['StepFunctionsSync']).toMatchObject({
      Properties: { Type: 'HTTP', HttpConfig: { Endpoint: 'https://sync-states.eu-west-1.amazonaws.com/' } },
    })
  })
})
