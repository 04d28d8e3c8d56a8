/** How a task ends: with the call's answer, with what was started, or when somebody returns its token. */
export type IntegrationPattern = 'requestResponse' | 'sync' | 'sync:2' | 'waitForTaskToken'

/** What a Task state's `Resource` names. */
export type TaskResource =
  | { kind: 'lambda'; arn: string }
  | { kind: 'activity'; arn: string }
  | {
      kind: 'service'
      /** As events name it: `sqs`, `aws-sdk:s3`. */
      resourceType: string
      /** As events name it: `sendMessage.waitForTaskToken`. */
      resource: string
      service: string
      action: string
      pattern: IntegrationPattern
      sdk: boolean
    }

const PATTERNS: ReadonlySet<string> = new Set(['sync', 'sync:2', 'waitForTaskToken'])
const SERVICE = /^arn:[^:]+:states:[^:]*:[^:]*:(aws-sdk:)?([^:]+):(.+)$/
const ACTIVITY = /^arn:[^:]+:states:[^:]+:[^:]+:activity:/

const parsed = new Map<string, TaskResource>()
/** Resources repeat; an attacker who makes many of them only costs the parsing. */
const MAX_PARSED = 10_000

export function parseTaskResource(resource: string): TaskResource {
  const known = parsed.get(resource)
  if (known !== undefined) return known
  const made = parse(resource)
  if (parsed.size >= MAX_PARSED) parsed.clear()
  parsed.set(resource, made)
  return made
}

function parse(resource: string): TaskResource {
  if (ACTIVITY.test(resource)) return { kind: 'activity', arn: resource }
  const match = SERVICE.exec(resource)
  if (match === null) return { kind: 'lambda', arn: resource }
  const [, sdk, service = '', rest = ''] = match
  const dot = rest.indexOf('.')
  const suffix = dot < 0 ? '' : rest.slice(dot + 1)
  return {
    kind: 'service',
    resourceType: `${sdk ?? ''}${service}`,
    resource: rest,
    service,
    action: dot < 0 ? rest : rest.slice(0, dot),
    pattern: PATTERNS.has(suffix) ? (suffix as IntegrationPattern) : 'requestResponse',
    sdk: sdk !== undefined,
  }
}
