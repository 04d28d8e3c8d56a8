import ivm from 'isolated-vm'

/** The same resolver in a V8 isolate of its own, JSON in and out, bounded in time and memory: the usual way to run such code safely. */
const PROGRAM = `
const toDynamoDB = (value) =>
  typeof value === 'string' ? { S: value } : typeof value === 'number' ? { N: value } : typeof value === 'boolean' ? { BOOL: value } : { NULL: null }
function request(ctx) {
  const { id, ...values } = ctx.arguments.input
  const sets = []
  const names = {}
  const expressionValues = {}
  for (const [name, value] of Object.entries(values)) {
    sets.push('#' + name + ' = :' + name)
    names['#' + name] = name
    expressionValues[':' + name] = toDynamoDB(value)
  }
  return {
    operation: 'UpdateItem',
    key: { id: toDynamoDB(id) },
    update: { expression: 'SET ' + sets.join(', '), expressionNames: names, expressionValues },
    condition: { expression: 'attribute_exists(id)' },
  }
}
function response(ctx) {
  return ctx.result
}
function run(side, text) {
  const ctx = JSON.parse(text)
  return JSON.stringify(side === 'request' ? request(ctx) : response(ctx))
}
`

/** Request and response handler of an UpdateItem in an isolate. */
export function isolateWork(context: unknown, answered: unknown): { work: () => void; dispose: () => void } {
  const isolate = new ivm.Isolate({ memoryLimit: 64 })
  const realm = isolate.createContextSync()
  isolate.compileScriptSync(PROGRAM).runSync(realm)
  const run = realm.global.getSync('run', { reference: true })
  const call = (side: string, value: unknown): unknown =>
    JSON.parse(run.applySync(undefined, [side, JSON.stringify(value)], { timeout: 50 }) as string)
  return {
    work: () => {
      call('request', context)
      call('response', answered)
    },
    dispose: () => isolate.dispose(),
  }
}
