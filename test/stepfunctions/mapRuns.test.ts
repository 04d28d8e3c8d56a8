import { describe, expect, it } from 'vitest'
import { chain, testEngine } from '../support/workflowEngine.ts'

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:'
const PASS = { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }

const map = (more: object = {}, processor: object = PASS, type = 'STANDARD') => ({
  StartAt: 'M',
  States: {
    M: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: type }, ...processor },
      End: true,
      ...more,
    },
  },
})

const FAIL_ON_2 = {
  StartAt: 'C',
  States: {
    C: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'F' }], Default: 'P' },
    P: { Type: 'Pass', End: true },
    F: { Type: 'Fail', Error: 'E' },
  },
}

for (const type of ['STANDARD', 'EXPRESS']) {
  describe(`a distributed Map with ${type} children`, () => {
    it('keeps the order of the items and counts them', async () => {
      const { start, engine, pass } = testEngine()
      const items = Array.from({ length: 250 }, (_, index) => index)
      const arn = await start(map({}, PASS, type), { items })
      await pass(0)
      expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify(items) })
      const [run] = engine.listMapRuns({ executionArn: arn }).items
      expect(run).toMatchObject({
        status: 'SUCCEEDED',
        executionArn: arn,
        itemCounts: { total: 250, succeeded: 250, pending: 0, running: 0, failed: 0, resultsWritten: 250 },
        executionCounts: { total: 250, succeeded: 250 },
      })
      expect(engine.describeMapRun(run?.mapRunArn ?? '')).toEqual(run)
    })

    it('fails when more items fail than are tolerated', async () => {
      const { start, engine, pass, history } = testEngine()
      const arn = await start(map({}, FAIL_ON_2, type), { items: [1, 2, 3] })
      await pass(0)
      expect(await engine.describeExecution(arn)).toMatchObject({
        status: 'FAILED',
        error: 'States.ExceedToleratedFailureThreshold',
      })
      expect(chain(await history(arn))).toBe(
        'ExecutionStarted<0 MapStateEntered<0 MapStateStarted<2 MapRunStarted<3 MapRunFailed<4 MapStateFailed<5 ExecutionFailed<6',
      )
    })

    it('goes on where as many fail as are tolerated', async () => {
      const { start, engine, pass } = testEngine()
      const counted = await start(map({ ToleratedFailureCount: 1 }, FAIL_ON_2, type), { items: [1, 2, 3] })
      const percent = await start(map({ ToleratedFailurePercentage: 34 }, FAIL_ON_2, type), { items: [1, 2, 3] })
      await pass(0)
      for (const arn of [counted, percent]) {
        expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '[1,3]' })
      }
    })

    it('makes batches of items', async () => {
      const { start, engine, pass } = testEngine()
      const batcher = { ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'who.$': '$.who' } } }
      const arn = await start(map(batcher, PASS, type), { items: [1, 2, 3], who: 'me' })
      await pass(0)
      const { output } = await engine.describeExecution(arn)
      expect(JSON.parse(output ?? '')).toEqual([
        { Items: [1, 2], BatchInput: { who: 'me' } },
        { Items: [3], BatchInput: { who: 'me' } },
      ])
      expect(engine.listMapRuns({ executionArn: arn }).items[0]).toMatchObject({
        itemCounts: { total: 3, succeeded: 3 },
        executionCounts: { total: 2, succeeded: 2 },
      })
    })
  })
}

describe('a distributed Map', () => {
  it('lists its children, which belong to its Map Run', async () => {
    const { start, engine, pass } = testEngine()
    const arn = await start(map({ Label: 'items' }), { items: [1, 2, 3] })
    await pass(0)
    const [run] = engine.listMapRuns({ executionArn: arn }).items
    const mapRunArn = run?.mapRunArn ?? ''
    expect(mapRunArn).toMatch(/:mapRun:machine1\/items:[0-9a-f-]{36}$/)
    const page = engine.listExecutions({ mapRunArn, maxResults: 2 })
    const rest = engine.listExecutions({ mapRunArn, maxResults: 2, after: page.next ?? 0 })
    const children = [...page.items, ...rest.items]
    expect(children).toHaveLength(3)
    expect(children[0]).toMatchObject({ mapRunArn, status: 'SUCCEEDED', stateMachineArn: run?.stateMachineArn })
    expect(await engine.describeExecution(children[0]?.executionArn ?? '')).toMatchObject({ mapRunArn, output: '3' })
  })

  it('aborts its children when it is stopped', async () => {
    const { start, engine, pass } = testEngine()
    const waiting = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 100, End: true } } }
    const arn = await start(map({}, waiting), { items: [1, 2, 3] })
    await pass(1000)
    const [run] = engine.listMapRuns({ executionArn: arn }).items
    const mapRunArn = run?.mapRunArn ?? ''
    expect(engine.listExecutions({ mapRunArn, statusFilter: 'RUNNING' }).items).toHaveLength(3)
    await engine.stopExecution({ executionArn: arn })
    await engine.idle()
    expect(engine.listExecutions({ mapRunArn, statusFilter: 'ABORTED' }).items).toHaveLength(3)
    expect(engine.describeMapRun(mapRunArn)).toMatchObject({ status: 'ABORTED' })
    expect(engine.statistics().resident).toBe(0)
  })

  it('runs as many children as MaxConcurrency says, which UpdateMapRun changes', async () => {
    const { start, engine, pass } = testEngine()
    const waiting = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 10, End: true } } }
    const arn = await start(map({ MaxConcurrency: 1 }, waiting), { items: [1, 2, 3, 4] })
    await pass(1000)
    const mapRunArn = engine.listMapRuns({ executionArn: arn }).items[0]?.mapRunArn ?? ''
    expect(engine.describeMapRun(mapRunArn)).toMatchObject({ itemCounts: { running: 1, pending: 3 } })
    await engine.updateMapRun({ mapRunArn, maxConcurrency: 3 })
    await engine.idle()
    expect(engine.describeMapRun(mapRunArn)).toMatchObject({
      maxConcurrency: 3,
      itemCounts: { running: 3, pending: 1 },
    })
    await pass(20_000)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '[1,2,3,4]' })
  })

  it('refuses an ItemReader and a ResultWriter clearly where nothing serves them', async () => {
    const { start, engine, pass } = testEngine()
    const reader = {
      ItemsPath: undefined,
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Parameters: { Bucket: 'b', Key: 'k' },
      },
    }
    const arn = await start(map(reader))
    await pass(0)
    expect(await engine.describeExecution(arn)).toMatchObject({
      status: 'FAILED',
      error: 'States.ItemReaderFailed',
      cause: expect.stringContaining('arn:aws:states:::s3:getObject'),
    })
  })

  it('flattens the arrays of its children where its WriterConfig says so', async () => {
    const { start, engine, pass } = testEngine()
    const writer = { ResultWriter: { WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSON' } } }
    const arn = await start(map(writer), { items: [[1, 2], 3, [[4]]] })
    await pass(0)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '[1,2,3,[4]]' })
  })

  it('is tried again by its Retry as another Map Run', async () => {
    const { start, engine, functions, pass } = testEngine()
    let calls = 0
    functions.set('once', () => {
      if (calls++ === 0) throw new Error('first')
      return 'ok'
    })
    const task = { StartAt: 'T', States: { T: { Type: 'Task', Resource: `${LAMBDA}once`, End: true } } }
    const retry = { Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 2 }] }
    const arn = await start(map(retry, task), { items: [1] })
    await pass(5_000)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '["ok"]' })
    expect(engine.listMapRuns({ executionArn: arn }).items.map(({ status }) => status)).toEqual(['SUCCEEDED', 'FAILED'])
  })

  for (const type of ['STANDARD', 'EXPRESS']) {
    it(`is redriven with its execution: ${type} children that had succeeded are not run again`, async () => {
      const { start, engine, functions, pass, types } = testEngine()
      const calls: unknown[] = []
      let broken = true
      functions.set('maybe', (event) => {
        calls.push(event)
        if (broken && event === 2) throw new Error('broken')
        return event
      })
      const task = { StartAt: 'T', States: { T: { Type: 'Task', Resource: `${LAMBDA}maybe`, End: true } } }
      const arn = await start(map({ MaxConcurrency: 1 }, task, type), { items: [1, 2, 3] })
      await pass(0)
      expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED' })
      broken = false
      await engine.redriveExecution({ executionArn: arn })
      await pass(0)
      expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '[1,2,3]' })
      expect(calls).toEqual([1, 2, 2, 3])
      expect((await types(arn)).slice(4)).toEqual([
        'MapRunFailed',
        'MapStateFailed',
        'ExecutionFailed',
        'ExecutionRedriven',
        'MapRunRedriven',
        'MapRunSucceeded',
        'MapStateSucceeded',
        'MapStateExited',
        'ExecutionSucceeded',
      ])
      expect(engine.listMapRuns({ executionArn: arn }).items).toMatchObject([
        { status: 'SUCCEEDED', redriveCount: 1, maxConcurrency: 1, itemCounts: { succeeded: 3, total: 3 } },
      ])
    })
  }
})
