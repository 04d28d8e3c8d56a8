import { andThen } from '../asl/json.ts'
import type { TaskState } from '../asl/program.ts'
import { environmentOf, record } from '../interpreter.ts'
import type { Entry } from '../journal/entries.ts'
import { parseTaskResource } from '../tasks/resource.ts'
import type { StateHandler } from './index.ts'

export const task: StateHandler<TaskState> = {
  enter(execution, flow, state) {
    const { ports } = execution
    const resource = parseTaskResource(state.resource)
    const withToken = resource.kind === 'service' && resource.pattern !== 'requestResponse'
    // The token belongs to the event that schedules the attempt, which is the next one.
    const token = withToken ? ports.taskToken(execution.id, flow.id, execution.state.events + 1) : undefined
    const environment = environmentOf(execution, flow, token === undefined ? {} : { token })
    return andThen(state.input(environment), (parameters) =>
      andThen(state.timeoutSeconds?.(environment), (timeoutSeconds) =>
        andThen(state.heartbeatSeconds?.(environment), (heartbeatSeconds) =>
          andThen(state.credentials?.(environment), (credentials) => {
            const at = ports.now()
            const entry: Entry = { type: 'scheduled', at, flow: flow.id, parameters }
            if (timeoutSeconds !== undefined) {
              entry.timeoutSeconds = timeoutSeconds
              entry.deadline = at + ports.scaled(timeoutSeconds * 1000)
            }
            if (heartbeatSeconds !== undefined) {
              entry.heartbeatSeconds = heartbeatSeconds
              entry.heartbeat = ports.scaled(heartbeatSeconds * 1000)
            }
            const roleArn = roleOf(credentials)
            if (roleArn !== undefined) entry.roleArn = roleArn
            record(execution, entry)
            execution.schedule(flow)
          }),
        ),
      ),
    )
  },
}

function roleOf(credentials: unknown): string | undefined {
  if (typeof credentials !== 'object' || credentials === null || !Object.hasOwn(credentials, 'RoleArn'))
    return undefined
  const role = (credentials as Record<string, unknown>)['RoleArn']
  return typeof role === 'string' ? role : undefined
}
