import type { Interpreted } from './interpreter.ts'
import type { Flow } from './journal/executionState.ts'

/** Dates as the context object has them. */
export function isoDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** The context object (`$$`, `$states.context`) of a flow's state at this moment. */
export function contextOf(
  execution: Interpreted,
  flow: Flow,
  extra: { token?: string; mapItem?: { Index: number; Value: unknown } } = {},
): Record<string, unknown> {
  const { facts, state } = execution
  const context: Record<string, unknown> = {
    Execution: {
      Id: facts.executionArn,
      Input: state.input,
      StartTime: isoDate(state.startDate),
      Name: facts.name,
      RoleArn: facts.roleArn,
      ...(facts.synchronous ? {} : { RedriveCount: state.redriveCount }),
      ...(state.redriveDate === undefined ? {} : { RedriveTime: isoDate(state.redriveDate) }),
    },
    StateMachine: { Id: facts.stateMachineArn, Name: facts.stateMachineName },
  }
  if (flow.state !== undefined) {
    const retried = flow.state.type === 'Task' || flow.state.type === 'Parallel' || flow.state.type === 'Map'
    context['State'] = {
      Name: flow.state.name,
      EnteredTime: isoDate(flow.enteredAt),
      ...(retried ? { RetryCount: flow.retryCount } : {}),
    }
  }
  const item = extra.mapItem ?? flow.mapItem
  if (item !== undefined) context['Map'] = { Item: item }
  if (extra.token !== undefined) context['Task'] = { Token: extra.token }
  return context
}
