import { isObject, type JsonObject, member } from '../asl/json.ts'

/** `workflows:` of the local settings: which state machines a GraphQL API exposes. */
export interface WorkflowsConfig {
  /** Name of the API. */
  api: string
  machines: readonly ExposedMachine[]
  /** Directives of the generated fields and types, for example `@aws_iam @aws_cognito_user_pools`. @default none */
  directives: string
}

export interface ExposedMachine {
  /** Name of the state machine. */
  stateMachine: string
  /** The middle of `start…` and `start…Sync`. @default the machine's name in PascalCase */
  field: string
  /** Name of a GraphQL input type. @default `AWSJSON` */
  input: string | undefined
  /** Whether `start…Sync` is there too, which needs an EXPRESS machine. @default false */
  sync: boolean
}

const KEYS = ['api', 'machines', 'directives']
const MACHINE_KEYS = ['stateMachine', 'field', 'input', 'sync']
const GRAPHQL_NAME = /^[A-Za-z][A-Za-z0-9]*$/

/** Reads `workflows:`. Gives the configuration, or what is wrong with it, each with its path. */
export function readWorkflowsConfig(given: unknown): { config: WorkflowsConfig } | { problems: string[] } {
  const problems: string[] = []
  if (!isObject(given)) return { problems: ['workflows: must be a mapping'] }
  unknownKeys(given, KEYS, 'workflows', problems)
  const api = textOf(given, 'api', 'workflows', problems)
  const directives = member(given, 'directives')
  if (
    directives !== undefined &&
    (typeof directives !== 'string' || !/^(?:\s*@\w+(?:\([^()]*\))?)*\s*$/.test(directives))
  ) {
    problems.push('workflows.directives: must be GraphQL directives, for example "@aws_iam"')
  }
  const list = member(given, 'machines')
  if (!Array.isArray(list) || list.length === 0) problems.push('workflows.machines: must be a list of state machines')
  const machines = (Array.isArray(list) ? list : []).flatMap((entry, at) =>
    readMachine(entry, `workflows.machines[${at}]`, problems),
  )
  const fields = machines.map(({ field }) => field)
  for (const field of new Set(fields.filter((one, at) => fields.indexOf(one) !== at))) {
    problems.push(`workflows.machines: two machines are started by start${field}; give one of them another field`)
  }
  if (problems.length > 0 || api === undefined) return { problems }
  return { config: { api, machines, directives: typeof directives === 'string' ? directives.trim() : '' } }
}

function readMachine(entry: unknown, path: string, problems: string[]): ExposedMachine[] {
  const fields: JsonObject | undefined =
    typeof entry === 'string' ? { stateMachine: entry } : isObject(entry) ? entry : undefined
  if (fields === undefined) {
    problems.push(`${path}: must be the name of a state machine, or a mapping`)
    return []
  }
  unknownKeys(fields, MACHINE_KEYS, path, problems)
  const stateMachine = textOf(fields, 'stateMachine', path, problems)
  const input = member(fields, 'input')
  const sync = member(fields, 'sync')
  const field = member(fields, 'field') ?? pascalCase(stateMachine ?? '')
  if (input !== undefined && (typeof input !== 'string' || !/^[_A-Za-z]\w*$/.test(input))) {
    problems.push(`${path}.input: must be the name of an input type`)
  }
  if (sync !== undefined && typeof sync !== 'boolean') problems.push(`${path}.sync: must be true or false`)
  if (typeof field !== 'string' || !GRAPHQL_NAME.test(field)) {
    problems.push(`${path}.field: must be letters and digits that make a GraphQL name behind "start"`)
  }
  if (stateMachine === undefined || typeof field !== 'string') return []
  return [{ stateMachine, field, input: typeof input === 'string' ? input : undefined, sync: sync === true }]
}

function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

function textOf(fields: JsonObject, key: string, path: string, problems: string[]): string | undefined {
  const value = member(fields, key)
  if (typeof value === 'string' && value !== '') return value
  problems.push(`${path}.${key}: is required`)
  return undefined
}

function unknownKeys(fields: JsonObject, known: readonly string[], path: string, problems: string[]): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) problems.push(`${path}.${key}: is unknown; known are ${known.join(', ')}`)
  }
}
