import type { Log } from '../../observability/log.ts'
import type { PolicyDocument } from '../../resources.ts'
import { type Condition, type ConditionContext, conditionHolds, isKnownKey, readOperator } from './conditions.ts'
import { matchesWildcard } from './wildcard.ts'

/** What somebody wants to do: an action on a resource, under the circumstances of one request. */
export interface AccessRequest {
  /** For example `appsync:GraphQL`. */
  action: string
  /** ARN, or `*` where the service knows no resource. */
  resource: string
  context: ConditionContext
}

/** `Deny` beats `Allow`; `undefined`: no statement applies, which is no either. */
export type Decision = 'Allow' | 'Deny' | undefined

/** Identity policies, read once and asked often. */
export interface Policy {
  decide(request: AccessRequest): Decision
}

/** A policy document that does not keep to the policy language. */
export class PolicySyntaxError extends Error {
  override readonly name = 'PolicySyntaxError'
  readonly code = 'POLICY_SYNTAX'
}

interface Statement {
  effect: 'Allow' | 'Deny'
  actions: readonly string[]
  notActions: boolean
  /** Of trust policies there is none. */
  resources: readonly string[] | undefined
  notResources: boolean
  principals: readonly Principal[] | undefined
  conditions: readonly Condition[]
}

interface Principal {
  type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' | '*'
  value: string
}

/** Everything is allowed: the account's root, and administrators. */
export const administratorPolicy: Policy = { decide: () => 'Allow' }

/** Nothing is allowed. */
export const emptyPolicy: Policy = { decide: () => undefined }

/**
 * Reads identity policies. Throws `PolicySyntaxError` naming the element. A condition key that this server cannot know
 * never matches, and is named in the log.
 */
export function compilePolicies(documents: readonly PolicyDocument[], log: Log): Policy {
  const statements = documents.flatMap((document) => readStatements(document, 'identity'))
  warnOfUnknownKeys(statements, log)
  return {
    decide(request) {
      let decision: Decision
      for (const statement of statements) {
        if (statement.effect === 'Allow' && decision === 'Allow') continue
        if (!applies(statement, request)) continue
        if (statement.effect === 'Deny') return 'Deny'
        decision = 'Allow'
      }
      return decision
    },
  }
}

/** Allowed only where every one of them allows: a role's policies under a session policy. */
export function intersect(policies: readonly Policy[]): Policy {
  return {
    decide(request) {
      const decisions = policies.map((policy) => policy.decide(request))
      if (decisions.includes('Deny')) return 'Deny'
      return decisions.every((decision) => decision === 'Allow') ? 'Allow' : undefined
    },
  }
}

/** Who asks to take on a role. */
export interface TrustedParty {
  type: 'AWS' | 'Service' | 'Federated'
  /** ARN of a user, role, session or account root; a service's or an identity provider's name. */
  name: string
  /** Of type AWS. */
  accountId?: string
}

/** Whether a role's trust policy lets somebody take the role on. */
export function trusts(
  document: PolicyDocument,
  party: TrustedParty,
  request: Pick<AccessRequest, 'action' | 'context'>,
  log: Log,
): boolean {
  const statements = readStatements(document, 'trust')
  warnOfUnknownKeys(statements, log)
  let allowed = false
  for (const statement of statements) {
    if (!(statement.principals ?? []).some((principal) => isPrincipal(principal, party))) continue
    if (!applies(statement, { ...request, resource: '*' })) continue
    if (statement.effect === 'Deny') return false
    allowed = true
  }
  return allowed
}

function isPrincipal(principal: Principal, party: TrustedParty): boolean {
  if (principal.type === '*') return true
  if (principal.type !== party.type) return false
  if (principal.value === '*') return true
  if (party.type !== 'AWS') return principal.value === party.name
  return (
    principal.value === party.name ||
    principal.value === roleOfSession(party.name) ||
    principal.value === party.accountId ||
    (/^arn:[\w-]+:iam::\d{12}:root$/.test(principal.value) && principal.value.split(':')[4] === party.accountId)
  )
}

/** `arn:aws:sts::A:assumed-role/R/S` → `arn:aws:iam::A:role/R` */
export function roleOfSession(arn: string): string | undefined {
  const match = /^arn:([\w-]+):sts::(\d+):assumed-role\/([^/]+)\/[^/]+$/.exec(arn)
  return match === null ? undefined : `arn:${match[1]}:iam::${match[2]}:role/${match[3]}`
}

function applies(statement: Statement, request: AccessRequest): boolean {
  const action = request.action.toLowerCase()
  if (statement.actions.some((pattern) => matchesWildcard(pattern, action)) === statement.notActions) return false
  if (statement.resources !== undefined) {
    const matches = statement.resources.some((pattern) => {
      const replaced = replaceVariables(pattern, request.context, literal)
      return replaced !== undefined && matchesWildcard(replaced, literal(request.resource))
    })
    if (matches === statement.notResources) return false
  }
  return statement.conditions.every((condition) =>
    conditionHolds(
      condition,
      condition.values.flatMap((value) => replaceVariables(value, request.context) ?? []),
      request.context,
    ),
  )
}

/** `${aws:username}`, `${aws:username, 'default'}`, `${*}`: @returns undefined where a key has no value. */
function replaceVariables(
  text: string,
  context: ConditionContext,
  quote = (value: string): string => value,
): string | undefined {
  if (!text.includes('${')) return text
  let missing = false
  const replaced = text.replace(/\$\{([^{}]*)\}/g, (_, inner: string) => {
    if (inner === '*' || inner === '?' || inner === '$') return quote(inner)
    const [, key = '', fallback] = /^([^,]*)(?:,\s*'([^']*)'\s*)?$/.exec(inner) ?? []
    const value = context.get(key.trim().toLowerCase())
    if (typeof value === 'string') return quote(value)
    if (fallback === undefined) missing = true
    return quote(fallback ?? '')
  })
  return missing ? undefined : replaced
}

/** Stars and question marks that a variable brought in are no wildcards: they are moved to a private code point. */
function literal(text: string): string {
  return text.includes('*') || text.includes('?') ? text.replaceAll('*', '\uE02A').replaceAll('?', '\uE03F') : text
}

function readStatements(document: PolicyDocument, kind: 'identity' | 'trust'): Statement[] {
  const list = Array.isArray(document.Statement) ? (document.Statement as unknown[]) : [document.Statement]
  return list.map((entry, index) => {
    const at = `Statement[${index}]`
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw syntax(`${at} is no object`)
    const members = new Map<string, unknown>(Object.entries(entry))
    const effect = members.get('Effect')
    if (effect !== 'Allow' && effect !== 'Deny') throw syntax(`${at}.Effect is neither Allow nor Deny`)
    const [actions, notActions] = oneOf(members, 'Action', 'NotAction', at)
    if (actions === undefined) throw syntax(`${at} has no Action`)
    const [resources, notResources] = oneOf(members, 'Resource', 'NotResource', at)
    if (kind === 'identity' && resources === undefined) throw syntax(`${at} has no Resource`)
    if (kind === 'identity' && (members.has('Principal') || members.has('NotPrincipal')))
      throw syntax(`${at}: an identity policy has no Principal`)
    if (members.has('NotPrincipal')) throw syntax(`${at}.NotPrincipal is not supported`)
    return {
      effect,
      actions: actions.map((action) => action.toLowerCase()),
      notActions,
      resources: kind === 'trust' ? undefined : resources,
      notResources,
      principals: kind === 'trust' ? readPrincipals(members.get('Principal'), at) : undefined,
      conditions: readConditions(members.get('Condition'), at),
    }
  })
}

function oneOf(
  members: ReadonlyMap<string, unknown>,
  name: string,
  notName: string,
  at: string,
): [string[] | undefined, boolean] {
  if (members.has(name) && members.has(notName)) throw syntax(`${at} has ${name} and ${notName}`)
  if (members.has(notName)) return [readTexts(members.get(notName), `${at}.${notName}`), true]
  return members.has(name) ? [readTexts(members.get(name), `${at}.${name}`), false] : [undefined, false]
}

function readPrincipals(value: unknown, at: string): Principal[] {
  if (value === '*') return [{ type: '*', value: '*' }]
  if (typeof value !== 'object' || value === null) throw syntax(`${at} has no Principal`)
  return Object.entries(value).flatMap(([type, names]) => {
    if (type !== 'AWS' && type !== 'Service' && type !== 'Federated' && type !== 'CanonicalUser')
      throw syntax(`${at}.Principal.${type} is unknown`)
    return readTexts(names, `${at}.Principal.${type}`).map((name) => ({ type, value: name }) as const)
  })
}

function readConditions(value: unknown, at: string): Condition[] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw syntax(`${at}.Condition is no object`)
  return Object.entries(value).flatMap(([name, block]) => {
    const operator = readOperator(name)
    if (operator === undefined) throw syntax(`${at}.Condition.${name} is no condition operator`)
    if (typeof block !== 'object' || block === null) throw syntax(`${at}.Condition.${name} is no object`)
    return Object.entries(block as Record<string, unknown>).map(([key, values]) => ({
      ...operator,
      key: key.toLowerCase(),
      values: readTexts(values, `${at}.Condition.${name}.${key}`),
    }))
  })
}

function readTexts(value: unknown, at: string): string[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  return list.map((item) => {
    if (typeof item === 'string') return item
    if (typeof item === 'boolean' || typeof item === 'number') return String(item)
    throw syntax(`${at} is neither a string nor a list of strings`)
  })
}

function warnOfUnknownKeys(statements: readonly Statement[], log: Log): void {
  const unknown = new Set(
    statements.flatMap(({ conditions }) => conditions.map(({ key }) => key).filter((key) => !isKnownKey(key))),
  )
  if (unknown.size > 0)
    log('warn', 'a policy has condition keys that are unknown here; they never match', { keys: [...unknown] })
}

function syntax(message: string): PolicySyntaxError {
  return new PolicySyntaxError(message)
}
