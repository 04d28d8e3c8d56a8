import type { ResolverContext } from '../../src/runtime/context.ts'
import { compileCode } from '../../src/runtime/js/compile.ts'
import { isolateWork } from './isolate.ts'
import { templateWorks } from './vtlTemplates.ts'

export interface BenchRow {
  name: string
  microsecondsPerCall: number
}

const UPDATE_ITEM = `
import { util } from '@aws-appsync/utils'

export function request(ctx) {
  const { id, ...values } = ctx.args.input
  const sets = []
  const names = {}
  const expressionValues = {}
  for (const [name, value] of Object.entries(values)) {
    sets.push(\`#\${name} = :\${name}\`)
    names[\`#\${name}\`] = name
    expressionValues[\`:\${name}\`] = util.dynamodb.toDynamoDB(value)
  }
  return {
    operation: 'UpdateItem',
    key: util.dynamodb.toMapValues({ id }),
    update: { expression: \`SET \${sets.join(', ')}\`, expressionNames: names, expressionValues },
    condition: { expression: 'attribute_exists(id)' },
  }
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type)
  }
  return ctx.result
}
`

const MODULE_UPDATE = `
import { update } from '@aws-appsync/utils/dynamodb'
export function request(ctx) {
  const { id, ...values } = ctx.args.input
  return update({ key: { id }, update: values })
}
export const response = (ctx) => ctx.result
`

const input = { id: 'order-1', title: 'A title', price: 12.5, isDone: false, owner: 'someone', note: 'text' }

/** About a kilobyte of context, as an authorized mutation has it. */
const context: ResolverContext = {
  arguments: { input },
  identity: {
    sub: '3b9d0f9e-7c55-4a51-9a52-4f2d2f1a9c11',
    issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example',
    username: 'someone',
    claims: { sub: '3b9d0f9e', email: 'someone@example.com', 'cognito:groups': ['users'], exp: 1_800_000_000 },
    sourceIp: ['127.0.0.1'],
    defaultAuthStrategy: 'ALLOW',
    groups: ['users'],
  },
  source: null,
  stash: {},
  request: {
    headers: { host: 'localhost:4000', 'content-type': 'application/json', 'user-agent': 'bench', accept: '*/*' },
    domainName: null,
  },
  info: {
    fieldName: 'updateOrder',
    parentTypeName: 'Mutation',
    variables: { input },
    selectionSetList: ['id', 'title', 'price'],
    selectionSetGraphQL: '{\n  id\n  title\n  price\n}',
  },
  env: {},
}

const ROUNDS = 15

/** The mean of the best of several short rounds: what else runs on the machine seldom lasts through all of them. */
function microsecondsPerCall(work: () => unknown, milliseconds = 300): number {
  for (let turn = 0, end = performance.now() + 300; turn < 5_000 && performance.now() < end; turn++) work()
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    let calls = 0
    const start = performance.now()
    const end = start + milliseconds / ROUNDS
    while (performance.now() < end) {
      for (let turn = 0; turn < 50; turn++) work()
      calls += 50
    }
    best = Math.min(best, ((performance.now() - start) * 1000) / calls)
  }
  return best
}

function bothHandlers(code: string): () => void {
  const { request, response } = compileCode(code)
  const answered = { ...context, result: input }
  return () => {
    request?.run(context)
    response?.run(answered)
  }
}

/** What the resolver languages cost, in this process; rows of other files (VTL, its peers) go beside these. */
export function bench(): BenchRow[] {
  const code = UPDATE_ITEM
  let variant = 0
  const isolate = isolateWork(context, { ...context, result: input })
  const rows = [
    { name: 'APPSYNC_JS UpdateItem, request + response', microsecondsPerCall: microsecondsPerCall(bothHandlers(code)) },
    {
      name: 'APPSYNC_JS UpdateItem by the dynamodb module, request + response',
      microsecondsPerCall: microsecondsPerCall(bothHandlers(MODULE_UPDATE)),
    },
    { name: 'the same in an isolate (isolated-vm, JSON)', microsecondsPerCall: microsecondsPerCall(isolate.work) },
    {
      name: 'APPSYNC_JS compile',
      microsecondsPerCall:
        microsecondsPerCall(() => {
          variant++
          if (variant % 50 === 0) compileCode(`${code}// ${variant}`)
        }) * 50,
    },
    ...templateWorks(context).map(({ name, work }) => ({ name, microsecondsPerCall: microsecondsPerCall(work) })),
  ]
  isolate.dispose()
  return rows
}

if (import.meta.main) console.table(bench())
