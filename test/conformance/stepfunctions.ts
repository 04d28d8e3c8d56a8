import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { AwsError } from '../../src/aws/errors.ts'
import type { LambdaInvoker } from '../../src/aws/lambdaInvoker.ts'
import type { MockConfiguration } from '../../src/stepfunctions/engine.ts'
import { sharedPath } from '../support/shared.ts'
import { serveStepFunctions } from '../support/stepFunctionsServer.ts'
import { copyRunner, runRunner } from './runner.ts'
import { STEP_FUNCTIONS_EXCEPTIONS } from './stepfunctionsExceptions.ts'

/** How many cases of one area pass at each level. */
export interface AreaResult {
  area: string
  run: number
  skipped: number
  L1: number
  L2: number
  L3: number
  /** Cases below level 3, with their first difference. */
  failed: string[]
  /** Cases of the exceptions list that did not pass, with the reason; they are in no count. */
  excepted: string[]
}

export interface StepFunctionsConformanceOptions {
  /** @default the shared cases */
  cases?: string
  /** Areas, comma-separated. @default all */
  area?: string
  /** Part of an id. @default all */
  id?: string
  /** A server that is running already. @default one that is started for the run */
  endpoint?: string
}

interface Report {
  areas: Record<string, { run: number; skipped: number; L1: number; L2: number; L3: number }>
  failures: {
    id: string
    area: string
    pass: Record<'L1' | 'L2' | 'L3', boolean>
    diff: Record<string, { path: string; expected?: string; actual?: string }[]>
  }[]
}

const ACCOUNT = '000000000000'

/** Runs the recorded Step Functions cases whose needs are met: functions, tables, activities, mock configurations. */
export async function runStepFunctionsConformance(
  options: StepFunctionsConformanceOptions = {},
): Promise<AreaResult[]> {
  const folder = copyRunner('stepfunctions')
  const args = [`--cases=${options.cases ?? sharedPath('conformance', 'stepfunctions')}`]
  if (options.area !== undefined) args.push(`--area=${options.area}`)
  if (options.id !== undefined) args.push(`--id=${options.id}`)
  const port = await freePort()
  const environment = {
    SFN_RUN_ID: `r${Date.now().toString(36)}`,
    SFN_ACCOUNT_ID: ACCOUNT,
    SFN_PROVIDES: 'mock-config',
    SFN_LAMBDA: `serve:${port}`,
    SFN_FIXTURE_HOOK: join(import.meta.dirname, 'stepfunctionsFixtures.ts'),
    AWS_REGION: 'us-east-1',
  }
  const mockFile = join(folder, 'mocks.json')
  await runRunner(folder, [...args, `--write-mock-config=${mockFile}`], environment)
  const mocks = JSON.parse(readFileSync(mockFile, 'utf8')) as MockConfiguration
  const server =
    options.endpoint === undefined ? await serveStepFunctions({ lambda: lambdaAt(port), mocks }) : undefined
  try {
    const report = join(folder, 'report.json')
    const endpoint = options.endpoint ?? server?.endpoint ?? ''
    await runRunner(folder, [...args, `--report=${report}`], { ...environment, SFN_ENDPOINT: endpoint })
    return summarise(JSON.parse(readFileSync(report, 'utf8')) as Report)
  } finally {
    await server?.close()
  }
}

function summarise({ areas, failures }: Report): AreaResult[] {
  return Object.entries(areas)
    .filter(([area]) => area !== 'TOTAL')
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([area, counts]) => {
      const own = failures.filter((failure) => failure.area === area)
      const excepted = own.filter(({ id }) => STEP_FUNCTIONS_EXCEPTIONS.has(id))
      const without = (level: 'L1' | 'L2' | 'L3'): number =>
        counts[level] - excepted.filter(({ pass }) => pass[level]).length
      return {
        area,
        run: counts.run - excepted.length,
        skipped: counts.skipped,
        L1: without('L1'),
        L2: without('L2'),
        L3: without('L3'),
        excepted: excepted.map(({ id }) => `${id}: ${STEP_FUNCTIONS_EXCEPTIONS.get(id)}`),
        failed: own
          .filter((failure) => !excepted.includes(failure))
          .map(({ id, diff }) => {
            const [level, [first] = []] = Object.entries(diff)[0] ?? ['', []]
            return `${id} ${level} ${first?.path ?? ''}: expected ${first?.expected ?? 'nothing'}, was ${first?.actual ?? 'nothing'}`
          }),
      }
    })
}

/** Functions that the runner serves. */
function lambdaAt(port: number): LambdaInvoker {
  return {
    async invoke({ functionName, payload, invocationType, signal }) {
      const answer = await fetch(
        `http://127.0.0.1:${port}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
        {
          method: 'POST',
          body: payload,
          headers: {
            ...(invocationType === undefined ? {} : { 'x-amz-invocation-type': invocationType }),
            'x-amz-log-type': 'Tail',
          },
          ...(signal === undefined ? {} : { signal }),
        },
      )
      const body = await answer.text()
      if (!answer.ok) {
        throw new AwsError(answer.headers.get('x-amzn-errortype') ?? 'Unknown', String(JSON.parse(body).Message), {
          statusCode: answer.status,
        })
      }
      const functionError = answer.headers.get('x-amz-function-error')
      const logResult = answer.headers.get('x-amz-log-result')
      return {
        statusCode: answer.status,
        executedVersion: answer.headers.get('x-amz-executed-version') ?? '$LATEST',
        payload: body,
        requestId: answer.headers.get('x-amzn-requestid') ?? '',
        ...(functionError === null ? {} : { functionError: functionError === 'Handled' ? 'Handled' : 'Unhandled' }),
        ...(logResult === null ? {} : { logResult }),
      }
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
