import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { testLambda, testMachines } from './workflowMachines.ts'

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:'

/** Executions that are started; each has a name and a number of its own. */
export const EXECUTIONS = 40

/**
 * Fifty states: seven rounds of Pass, Task with Retry, Task without, Parallel, Map, Wait and Choice, each round adding
 * what its tasks gave to a sum.
 */
export function fiftyStates(): { StartAt: string; States: Record<string, unknown> } {
  const States: Record<string, unknown> = {}
  const retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 50, BackoffRate: 1 }]
  const task = (name: string, more: object) => ({
    Type: 'Task',
    Resource: `${LAMBDA}work`,
    Parameters: {
      'execution.$': '$$.Execution.Name',
      'state.$': '$$.State.Name',
      'entered.$': '$$.State.EnteredTime',
      name,
    },
    ...more,
  })
  for (let round = 0; round < 7; round++) {
    const at = (name: string) => `${name}${round}`
    States[at('Pass')] = { Type: 'Pass', Result: round, ResultPath: '$.round', Next: at('Retried') }
    States[at('Retried')] = task('retried', { ResultPath: `$.a${round}`, Retry: retry, Next: at('Once') })
    States[at('Once')] = task('once', {
      ResultPath: `$.b${round}`,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: `$.b${round}`, Next: at('Parallel') }],
      Next: at('Parallel'),
    })
    States[at('Parallel')] = {
      Type: 'Parallel',
      ResultPath: `$.c${round}`,
      Branches: [
        { StartAt: at('Left'), States: { [at('Left')]: task('left', { Retry: retry, End: true }) } },
        {
          StartAt: at('Right'),
          States: {
            [at('Right')]: { Type: 'Wait', Seconds: 1, Next: at('Rest') },
            [at('Rest')]: { Type: 'Pass', Result: 'rest', End: true },
          },
        },
      ],
      Next: at('Map'),
    }
    States[at('Map')] = {
      Type: 'Map',
      ItemsPath: '$$.Execution.Input.items',
      ResultPath: `$.d${round}`,
      MaxConcurrency: 2,
      ItemProcessor: { StartAt: at('Item'), States: { [at('Item')]: task('item', { Retry: retry, End: true }) } },
      Next: at('Choice'),
    }
    States[at('Choice')] = {
      Type: 'Choice',
      Choices: [{ Variable: '$.round', NumericEquals: 6, Next: 'Done' }],
      Default: round === 6 ? 'Done' : `Pass${round + 1}`,
    }
  }
  States['Done'] = { Type: 'Succeed' }
  return { StartAt: 'Pass0', States }
}

/** The process that is killed: starts the executions once, then lets them run; says `done` when all have ended. */
export async function main(path: string): Promise<void> {
  const ledger = join(path, 'ledger')
  const machines = testMachines()
  const stateMachineArn = machines.add('fifty', fiftyStates())
  const folder = openDataFolder(path)
  const engine = createWorkflowEngine({
    folder,
    machines,
    compile: compileStateMachine,
    // A second of the definition is 50 ms here.
    timeScale: 20,
    integrations: {
      lambda: testLambda(() => async (event) => {
        // Outside of everything that the engine keeps: what was really called.
        appendFileSync(ledger, `${JSON.stringify(event)}\n`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        return 1
      }),
    },
  })
  // One execution more after each start and every now and then, so that there is always one in each of its states.
  let index = 0
  const startNext = async (): Promise<void> => {
    while (index < EXECUTIONS) {
      const name = `e${index++}`
      try {
        await engine.startExecution({ stateMachineArn, name, input: `{"items":[1,2,3],"index":${index - 1}}` })
        appendFileSync(join(path, 'acknowledged'), `${name}\n`)
        return
      } catch (error) {
        // Started by a process that was killed before it wrote that down, or ended.
        if ((error as { code?: string }).code !== 'ExecutionAlreadyExists') throw error
      }
    }
  }
  const acknowledged = existsSync(join(path, 'acknowledged')) ? readFileSync(join(path, 'acknowledged'), 'utf8') : ''
  index = acknowledged.split('\n').length - 1
  await startNext()
  const more = setInterval(() => void startNext(), 150)
  const look = setInterval(() => {
    if (index < EXECUTIONS) return
    if (engine.listExecutions({ stateMachineArn, statusFilter: 'RUNNING' }).items.length > 0) return
    clearInterval(look)
    clearInterval(more)
    void engine.close().then(() => {
      folder.close()
      process.stdout.write('done\n')
    })
  }, 20)
}

if (process.argv[2] === 'run' && process.argv[3] !== undefined) await main(process.argv[3])
