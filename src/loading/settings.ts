import type { PolicyDocument } from '../resources.ts'
import type { UserPoolSetting } from '../services/cognito/poolDirectory.ts'
import { asBoolean, asNumber, asText, asTextList } from './cloudformation/values.ts'
import { didYouMean } from './nearestName.ts'
import type { ProblemList } from './problem.ts'
import type { ProjectFiles } from './projectFiles.ts'
import { isObject, member, type Path, plain, type SourceDocument } from './source/document.ts'
import { openDocument } from './source/open.ts'

export const SETTINGS_FILES = ['sidestage.yaml', 'sidestage.yml'] as const

/** An access key that this server accepts. */
export interface CredentialSetting {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  /** @default the project's account */
  accountId?: string
  /** ARN of the caller: of a user or role, whose policies then count. @default the account's root */
  principalArn?: string
  /** IAM policies of the caller. @default those that the project has for `principalArn`; everything where it has none */
  policies?: readonly PolicyDocument[]
}

/** What `sidestage.yaml` says: local matters only, nothing that is deployed. */
export interface Settings {
  /** Relative to the project; undefined when there is none. */
  file?: string
  port?: number
  credentials: readonly CredentialSetting[]
  userPools: readonly UserPoolSetting[]
  /** Fixed API keys by the logical id or name of the key. */
  apiKeys: ReadonlyMap<string, string>
  /** URLs of services that are elsewhere, by serviceId in lower case (`dynamodb`, `lambda`, `sfn`, `eventbridge`, …). */
  endpoints: ReadonlyMap<string, string>
  /** Mocked task results for workflows: the file's content, or what stands in its place. */
  mockConfig?: { value: unknown; file: string }
  /** Template parameters, Parameter Store names, secrets and exports. */
  parameters: ReadonlyMap<string, string>
  /** Settings of the workflow service, as written. */
  workflows: Readonly<Record<string, unknown>>
}

export const NO_SETTINGS: Settings = {
  credentials: [],
  userPools: [],
  apiKeys: new Map(),
  endpoints: new Map(),
  parameters: new Map(),
  workflows: {},
}

const KEYS = ['credentials', 'userPools', 'apiKeys', 'endpoints', 'mockConfig', 'parameters', 'workflows', 'port']
const CREDENTIAL_KEYS = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'accountId', 'principalArn', 'policies']
const POOL_KEYS = ['id', 'clients', 'users', 'groups']
const CLIENT_KEYS = ['id']
const USER_KEYS = ['password', 'email', 'groups', 'attributes']
const GROUP_KEYS = ['precedence', 'roleArn']
const SERVICES = [
  'dynamodb',
  'lambda',
  'sfn',
  'sqs',
  'sns',
  'eventbridge',
  's3',
  'cloudwatch_logs',
  'cognito_identity_provider',
  'cognito_identity',
  'bedrock_runtime',
  'rds_data',
  'opensearch',
  'secrets_manager',
  'sts',
  'appsync',
  'kinesis',
  'ecs',
  'batch',
  'glue',
  'athena',
  'sagemaker',
  'api_gateway',
]

/** Reads `sidestage.yaml`: checked completely, unknown keys are refused with the nearest known name. */
export function readSettings(project: { files: ProjectFiles; problems: ProblemList }, path: string): Settings {
  const document = openDocument(project, path)
  if (document === undefined) return NO_SETTINGS
  const { files, problems } = project
  const reader = createReader(document, problems)
  const root = document.value ?? {}
  if (!isObject(root)) {
    reader.error([], 'sidestage.yaml must be a mapping')
    return NO_SETTINGS
  }
  reader.checkKeys(root, KEYS, [])
  const port = reader.number(root, 'port', [], { min: 0, max: 65_535 })
  const mockConfig = readMockConfig(project, reader, root)
  return {
    file: files.display(path),
    ...(port === undefined ? {} : { port }),
    credentials: readCredentials(reader, member(root, 'credentials')),
    userPools: readUserPools(reader, member(root, 'userPools')),
    apiKeys: readApiKeys(reader, root),
    endpoints: readEndpoints(reader, root),
    parameters: reader.textMap(root, 'parameters', []),
    ...(mockConfig === undefined ? {} : { mockConfig }),
    workflows:
      reader.mapping(root, 'workflows', []) === undefined
        ? {}
        : (plain(member(root, 'workflows')) as Record<string, unknown>),
  }
}

type Reader = ReturnType<typeof createReader>

function createReader(document: SourceDocument, problems: ProblemList) {
  const error = (path: Path, message: string, hint?: string): void =>
    problems.add({
      severity: 'error',
      file: document.file,
      ...document.locateKey(path),
      message,
      path: path.join('.'),
      ...(hint === undefined ? {} : { hint }),
    })
  const text = (from: unknown, name: string, path: Path, required = false): string | undefined => {
    const value = member(from, name)
    if (value === undefined || value === null) {
      if (required) error(path, `${[...path, name].join('.')} is required`)
      return undefined
    }
    const made = asText(value)
    if (made === undefined) error([...path, name], `${[...path, name].join('.')} must be a text`)
    return made
  }
  return {
    error,
    text,
    checkKeys(value: unknown, known: readonly string[], path: Path): void {
      if (!isObject(value)) return
      for (const key of Object.keys(value)) {
        if (!known.includes(key))
          error(
            [...path, key],
            `unknown key ${[...path, key].join('.')}`,
            didYouMean(key, known).hint ?? `one of ${known.join(', ')}`,
          )
      }
    },
    number(from: unknown, name: string, path: Path, range: { min: number; max: number }): number | undefined {
      const value = member(from, name)
      if (value === undefined || value === null) return undefined
      const made = asNumber(value)
      if (made === undefined || !Number.isInteger(made) || made < range.min || made > range.max) {
        error([...path, name], `${[...path, name].join('.')} must be a whole number from ${range.min} to ${range.max}`)
        return undefined
      }
      return made
    },
    mapping(from: unknown, name: string, path: Path): Record<string, unknown> | undefined {
      const value = member(from, name)
      if (value === undefined || value === null) return undefined
      if (isObject(value)) return value
      error([...path, name], `${[...path, name].join('.')} must be a mapping`)
      return undefined
    },
    textMap(from: unknown, name: string, path: Path): Map<string, string> {
      const made = new Map<string, string>()
      const value = member(from, name)
      if (value === undefined || value === null) return made
      if (!isObject(value)) {
        error([...path, name], `${name} must be a mapping of names to texts`)
        return made
      }
      for (const key of Object.keys(value)) {
        const item = value[key]
        const itemText = Array.isArray(item) ? asTextList(item).join(',') : asText(item)
        if (itemText === undefined) error([...path, name, key], `${name}.${key} must be a text`)
        else made.set(key, itemText)
      }
      return made
    },
    list(from: unknown, name: string, path: Path): unknown[] {
      const value = member(from, name)
      if (value === undefined || value === null) return []
      if (Array.isArray(value)) return value
      error([...path, name], `${[...path, name].join('.')} must be a list`)
      return []
    },
  }
}

function readCredentials(reader: Reader, value: unknown): CredentialSetting[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    reader.error(['credentials'], 'credentials must be a list', 'each with accessKeyId and secretAccessKey')
    return []
  }
  return value.flatMap((item, index) => {
    const path: Path = ['credentials', index]
    reader.checkKeys(item, CREDENTIAL_KEYS, path)
    const accessKeyId = reader.text(item, 'accessKeyId', path, true)
    const secretAccessKey = reader.text(item, 'secretAccessKey', path, true)
    const sessionToken = reader.text(item, 'sessionToken', path)
    const accountId = reader.text(item, 'accountId', path)
    const principalArn = reader.text(item, 'principalArn', path)
    if (accountId !== undefined && !/^\d{12}$/.test(accountId))
      reader.error([...path, 'accountId'], 'accountId must have 12 digits')
    const policies = reader.list(item, 'policies', path).flatMap((policy, at) => {
      if (member(policy, 'Statement') !== undefined) return [plain(policy) as unknown as PolicyDocument]
      reader.error(
        [...path, 'policies', at],
        `${[...path, 'policies', at].join('.')} must be an IAM policy document`,
        'with a Statement',
      )
      return []
    })
    if (accessKeyId === undefined || secretAccessKey === undefined) return []
    return [
      {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
        ...(accountId === undefined ? {} : { accountId }),
        ...(principalArn === undefined ? {} : { principalArn }),
        ...(policies.length === 0 ? {} : { policies }),
      },
    ]
  })
}

function readApiKeys(reader: Reader, root: unknown): Map<string, string> {
  const keys = reader.textMap(root, 'apiKeys', [])
  for (const [name, value] of keys) {
    if (!/^[\w-]{1,128}$/.test(value)) {
      reader.error(['apiKeys', name], `apiKeys.${name} must be of letters, digits, - and _`, 'for example da2-local')
      keys.delete(name)
    }
  }
  return keys
}

function readEndpoints(reader: Reader, root: unknown): Map<string, string> {
  const given = reader.textMap(root, 'endpoints', [])
  const made = new Map<string, string>()
  for (const [name, url] of given) {
    const service = name.toLowerCase().replaceAll(/[- ]/g, '_')
    if (!SERVICES.includes(service)) {
      reader.error(
        ['endpoints', name],
        `unknown service ${name}`,
        didYouMean(service, SERVICES).hint ?? `one of ${SERVICES.join(', ')}`,
      )
    } else if (!/^https?:\/\/[^/\s]/.test(url) || URL.parse(url) === null) {
      reader.error(['endpoints', name], `endpoints.${name} must be an http or https URL`)
    } else made.set(service, url)
  }
  return made
}

function readMockConfig(
  project: { files: ProjectFiles; problems: ProblemList },
  reader: Reader,
  root: unknown,
): { value: unknown; file: string } | undefined {
  const value = member(root, 'mockConfig')
  if (value === undefined || value === null) return undefined
  const name = asText(value)
  if (name === undefined) return { value: plain(value), file: 'sidestage.yaml' }
  try {
    const path = project.files.resolveFrom(project.files.root, name)
    const document = openDocument(project, path)
    return document === undefined ? undefined : { value: plain(document.value), file: document.file }
  } catch (error) {
    reader.error(['mockConfig'], `${name} ${(error as Error).message}`)
    return undefined
  }
}

function readUserPools(reader: Reader, value: unknown): UserPoolSetting[] {
  if (value === undefined || value === null) return []
  if (!isObject(value)) {
    reader.error(['userPools'], 'userPools must be a mapping of names to pools')
    return []
  }
  return Object.entries(value).map(([name, pool]) => {
    const path: Path = ['userPools', name]
    reader.checkKeys(pool, POOL_KEYS, path)
    const id = reader.text(pool, 'id', path)
    if (id !== undefined && !/^[\w-]+_[0-9a-zA-Z]+$/.test(id))
      reader.error([...path, 'id'], `${path.join('.')}.id must look like us-east-1_abc123`)
    return {
      name,
      ...(id === undefined ? {} : { id }),
      clients: named(reader, pool, 'clients', path, CLIENT_KEYS, (client, at, clientName) => {
        const clientId = reader.text(client, 'id', at)
        return { name: clientName, ...(clientId === undefined ? {} : { id: clientId }) }
      }),
      users: named(reader, pool, 'users', path, USER_KEYS, (user, at, username) => {
        const password = reader.text(user, 'password', at)
        const email = reader.text(user, 'email', at)
        return {
          username,
          ...(password === undefined ? {} : { password }),
          ...(email === undefined ? {} : { email }),
          groups: asTextList(member(user, 'groups')),
          attributes: Object.fromEntries(reader.textMap(user, 'attributes', at)),
        }
      }),
      groups: named(reader, pool, 'groups', path, GROUP_KEYS, (group, at, groupName) => {
        const precedence = reader.number(group, 'precedence', at, { min: 0, max: 2 ** 31 - 1 })
        const roleArn = reader.text(group, 'roleArn', at)
        return {
          name: groupName,
          ...(precedence === undefined ? {} : { precedence }),
          ...(roleArn === undefined ? {} : { roleArn }),
        }
      }),
    }
  })
}

/** A mapping of names to settings, or a list of names. */
function named<T>(
  reader: Reader,
  pool: unknown,
  key: string,
  path: Path,
  known: readonly string[],
  make: (item: unknown, at: Path, name: string) => T,
): T[] {
  const value = member(pool, key)
  if (value === undefined || value === null) return []
  if (Array.isArray(value))
    return value.flatMap((item, index) => {
      const name = asText(item)
      if (name !== undefined) return [make(undefined, [...path, key, index], name)]
      reader.error(
        [...path, key, index],
        `${[...path, key].join('.')} must be names, or a mapping of names to settings`,
      )
      return []
    })
  if (!isObject(value)) {
    reader.error([...path, key], `${[...path, key].join('.')} must be a mapping`)
    return []
  }
  return Object.entries(value).map(([name, item]) => {
    const at = [...path, key, name]
    if (item !== null && !isObject(item) && asBoolean(item) === undefined)
      reader.error(at, `${at.join('.')} must be a mapping`)
    reader.checkKeys(item, known, at)
    return make(item, at, name)
  })
}
