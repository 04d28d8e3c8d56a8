import type { LambdaInvoker, LambdaResult } from '../../src/aws/lambdaInvoker.ts'
import type { MachineLookup, MachineRevision } from '../../src/stepfunctions/engine.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/workflows`

/** Machines and activities for an engine under test. */
export interface TestMachines extends MachineLookup {
  add(name: string, definition: unknown, type?: 'STANDARD' | 'EXPRESS', more?: Partial<MachineRevision>): string
  addActivity(name: string): string
}

export function testMachines(): TestMachines {
  const machines = new Map<string, MachineRevision>()
  const activities = new Set<string>()
  return {
    resolve: (arn) => machines.get(arn),
    hasActivity: (arn) => activities.has(arn),
    add(name, definition, type = 'STANDARD', more = {}) {
      const stateMachineArn = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${name}`
      const text = typeof definition === 'string' ? definition : JSON.stringify(definition)
      machines.set(stateMachineArn, { stateMachineArn, name, definition: text, roleArn: ROLE, type, ...more })
      return stateMachineArn
    },
    addActivity(name) {
      const arn = `arn:aws:states:${REGION}:${ACCOUNT}:activity:${name}`
      activities.add(arn)
      return arn
    },
  }
}

/** A Lambda service whose functions are functions of this process; one that throws fails the invocation. */
export function testLambda(
  functions: (name: string) => ((event: unknown, signal?: AbortSignal) => unknown) | undefined,
): LambdaInvoker {
  return {
    async invoke({ functionName, payload, signal }): Promise<LambdaResult> {
      const name = functionName.split(':function:').at(-1)?.split(':')[0] ?? ''
      const handler = functions(name)
      const requestId = crypto.randomUUID()
      const answer = { statusCode: 200, executedVersion: '$LATEST', requestId }
      try {
        if (handler === undefined) throw Object.assign(new Error(`no function ${name}`), { name: 'NoSuchFunction' })
        const result = await handler(JSON.parse(payload), signal)
        return { ...answer, payload: JSON.stringify(result) ?? 'null' }
      } catch (error) {
        const { name: errorType, message: errorMessage } = error as Error
        return {
          ...answer,
          functionError: 'Unhandled',
          payload: JSON.stringify({ errorMessage, errorType, requestId }),
        }
      }
    },
  }
}
