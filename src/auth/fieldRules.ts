import {
  type ConstDirectiveNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
} from 'graphql'
import { type Log, silentLog } from '../observability/log.ts'
import type { AuthenticationType, GraphqlApi } from '../resources.ts'
import type { Caller } from './caller.ts'

/** Who may use which field: made once per schema, asked once per field of a planned document. */
export interface FieldRules {
  allows(caller: Caller, typeName: string, fieldName: string): boolean
  /**
   * What is known from the mode alone, so that a document can be planned once per mode: `ask` where groups, policies or
   * a Lambda authorizer's list of denied fields decide, and `allows` must be asked for the caller.
   */
  decide(mode: AuthenticationType, typeName: string, fieldName: string): 'allow' | 'deny' | 'ask'
}

/** A place of a schema that loads, but surely not as meant. */
export interface SchemaWarning {
  message: string
  typeName: string
  fieldName?: string
  /** Lines and columns of the SDL, from 1. */
  location?: { line: number; column: number }
}

/** The modes' directives (AppSync developer guide, “Using additional authorization modes”). */
const MODE_OF_DIRECTIVE: ReadonlyMap<string, AuthenticationType> = new Map([
  ['aws_api_key', 'API_KEY'],
  ['aws_iam', 'AWS_IAM'],
  ['aws_oidc', 'OPENID_CONNECT'],
  ['aws_cognito_user_pools', 'AMAZON_COGNITO_USER_POOLS'],
  ['aws_lambda', 'AWS_LAMBDA'],
])

/** For each mode that may use a field, the groups that a user pool's user must be in; undefined: any user. */
type Access = ReadonlyMap<AuthenticationType, ReadonlySet<string> | undefined>

/**
 * Reads the authorization directives of a schema. A field's own directives replace those of its type, these replace the
 * default mode of the API; nothing is handed down from a field to the type it returns.
 */
export function compileFieldRules(schema: GraphQLSchema, api: GraphqlApi, log: Log = silentLog): FieldRules {
  const accessOf = compileAccess(schema, api)
  const roots = rootTypeNames(schema)
  const checked = new WeakSet<readonly string[]>()
  /** A name that matches no field denies nothing, which its author should hear of: once per answer of the authorizer. */
  const warnOfTypos = (deniedFields: readonly string[] | undefined): void => {
    if (deniedFields === undefined || checked.has(deniedFields)) return
    checked.add(deniedFields)
    const prefix = `${api.arn}/types/`
    const unknown = deniedFields.filter((name) => {
      const [typeName = '', fieldName = ''] = name.startsWith(prefix)
        ? name.slice(prefix.length).split('/fields/')
        : name.split('.')
      const ofOtherApi = name.startsWith('arn:') && !name.startsWith(prefix)
      return !ofOtherApi && accessOf(typeName, fieldName) === undefined
    })
    if (unknown.length > 0)
      log('warn', 'deniedFields of a Lambda authorizer names fields that the schema has not; they deny nothing', {
        api: api.arn,
        deniedFields: unknown.slice(0, 20),
      })
  }

  const decide: FieldRules['decide'] = (mode, typeName, fieldName) => {
    if (isIntrospection(typeName, fieldName)) return 'allow'
    const access = accessOf(typeName, fieldName)
    if (access?.has(mode) !== true) return 'deny'
    return mode === 'AWS_IAM' || mode === 'AWS_LAMBDA' || access.get(mode) !== undefined ? 'ask' : 'allow'
  }
  return {
    decide,
    allows(caller, typeName, fieldName) {
      const decision = decide(caller.mode, typeName, fieldName)
      if (decision !== 'ask') return decision === 'allow'
      switch (caller.mode) {
        case 'AWS_IAM':
          // Policies are written for the fields of operations; types below them need no statement of their own.
          if (caller.denies?.(typeName, fieldName) === true) return false
          return !roots.has(typeName) || caller.mayUse?.(typeName, fieldName) === true
        case 'AWS_LAMBDA':
          warnOfTypos(caller.deniedFields)
          return !isDeniedField(caller.deniedFields, api, typeName, fieldName)
        default: {
          const groups = accessOf(typeName, fieldName)?.get(caller.mode)
          return groups === undefined || caller.groups?.some((group) => groups.has(group)) === true
        }
      }
    },
  }
}

/**
 * Finds directives that do nothing, and fields that a mode may ask for although it may read nothing of what they return.
 */
export function schemaWarnings(schema: GraphQLSchema, api: GraphqlApi): SchemaWarning[] {
  const configured = modesOf(api)
  const accessOf = compileAccess(schema, api)
  const warnings: SchemaWarning[] = []
  const checkDirectives = (nodes: readonly ConstDirectiveNode[], typeName: string, fieldName?: string): void => {
    const place = fieldName === undefined ? `type ${typeName}` : `${typeName}.${fieldName}`
    for (const node of nodes) {
      const warn = (message: string): void => void warnings.push(warning(message, typeName, fieldName, node))
      const name = node.name.value
      const mode = MODE_OF_DIRECTIVE.get(name)
      if (mode !== undefined && !configured.has(mode))
        warn(`@${name} on ${place} lets nobody in: the API has no authentication provider of type ${mode}`)
      if (name === 'aws_auth' && !isSolePool(api))
        warn(
          `@aws_auth on ${place} does nothing: it works only where user pools are the API's single mode; use @aws_cognito_user_pools`,
        )
      if (name === 'aws_auth' && fieldName !== undefined && isSolePool(api) && !rootTypeNames(schema).has(typeName))
        warn(`@aws_auth on ${place} does nothing: it works only on fields of Query, Mutation and Subscription`)
      if (name === 'aws_cognito_user_pools' && isSolePool(api) && isDefaultDeny(api))
        warn(
          `@aws_cognito_user_pools on ${place} grants nothing while user pools are the API's single mode and its default action is DENY; use @aws_auth`,
        )
    }
  }
  for (const type of objectTypes(schema)) {
    checkDirectives(typeDirectives(type), type.name)
    for (const field of Object.values(type.getFields())) {
      checkDirectives(field.astNode?.directives ?? [], type.name, field.name)
      const returned = getNamedType(field.type)
      const concrete = isObjectType(returned)
        ? [returned]
        : isAbstractType(returned)
          ? schema.getPossibleTypes(returned)
          : []
      if (concrete.length === 0) continue
      for (const mode of accessOf(type.name, field.name)?.keys() ?? []) {
        const readable = concrete.some((target) =>
          Object.keys(target.getFields()).some((name) => accessOf(target.name, name)?.has(mode) === true),
        )
        if (!readable)
          warnings.push(
            warning(
              `${type.name}.${field.name} is open to ${mode}, but no field of ${returned.name} is: add the mode's directive to type ${returned.name}`,
              type.name,
              field.name,
              field.astNode ?? undefined,
            ),
          )
      }
    }
  }
  return warnings
}

/** Every mode that the API has a provider of. */
export function modesOf(api: GraphqlApi): ReadonlySet<AuthenticationType> {
  return new Set([
    api.authenticationType,
    ...(api.additionalAuthenticationProviders ?? []).map(({ authenticationType }) => authenticationType),
  ])
}

function compileAccess(
  schema: GraphQLSchema,
  api: GraphqlApi,
): (typeName: string, fieldName: string) => Access | undefined {
  const solePool = isSolePool(api)
  const roots = rootTypeNames(schema)
  const types = new Map<string, Map<string, Access>>()
  for (const type of objectTypes(schema)) {
    const isRoot = roots.has(type.name)
    const ofType = typeDirectives(type)
    const fields = new Map<string, Access>()
    for (const field of Object.values(type.getFields())) {
      const ofField = field.astNode?.directives ?? []
      fields.set(
        field.name,
        solePool ? solePoolAccess(api, isRoot, ofField, ofType) : multiModeAccess(api, isRoot, ofField, ofType),
      )
    }
    types.set(type.name, fields)
  }
  return (typeName, fieldName) => types.get(typeName)?.get(fieldName)
}

function multiModeAccess(
  api: GraphqlApi,
  isRoot: boolean,
  ofField: readonly ConstDirectiveNode[],
  ofType: readonly ConstDirectiveNode[],
): Access {
  const declared = accessFrom(ofField) ?? accessFrom(ofType)
  if (declared !== undefined) return declared
  if (isRoot && isDefaultDeny(api)) return new Map()
  return new Map([[api.authenticationType, undefined]])
}

/**
 * Where user pools are the single mode, `@aws_auth` counts, and on the fields of operations only; an object below them is
 * whole (as the service answers: aws-appsync-community issue 275). `@aws_cognito_user_pools` restricts, but does not
 * lift a default action of DENY (issue 349).
 */
function solePoolAccess(
  api: GraphqlApi,
  isRoot: boolean,
  ofField: readonly ConstDirectiveNode[],
  ofType: readonly ConstDirectiveNode[],
): Access {
  const open: Access = new Map([[api.authenticationType, undefined]])
  const auth = ofField.find(({ name }) => name.value === 'aws_auth')
  if (isRoot && auth !== undefined) return new Map([[api.authenticationType, groupsOf(auth)]])
  if (isRoot && isDefaultDeny(api)) return new Map()
  return accessFrom(ofField) ?? accessFrom(ofType) ?? open
}

/** @returns what the modes' directives say; undefined without one. */
function accessFrom(directives: readonly ConstDirectiveNode[]): Access | undefined {
  const access = new Map<AuthenticationType, ReadonlySet<string> | undefined>()
  for (const directive of directives) {
    const mode = MODE_OF_DIRECTIVE.get(directive.name.value)
    if (mode !== undefined) access.set(mode, groupsOf(directive))
  }
  return access.size === 0 ? undefined : access
}

function groupsOf(directive: ConstDirectiveNode): ReadonlySet<string> | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === 'cognito_groups')?.value
  if (value === undefined || value.kind === Kind.NULL) return undefined
  const items = value.kind === Kind.LIST ? value.values : [value]
  return new Set(items.flatMap((item) => (item.kind === Kind.STRING ? [item.value] : [])))
}

function isSolePool(api: GraphqlApi): boolean {
  return (
    api.authenticationType === 'AMAZON_COGNITO_USER_POOLS' && (api.additionalAuthenticationProviders ?? []).length === 0
  )
}

function isDefaultDeny(api: GraphqlApi): boolean {
  return api.authenticationType === 'AMAZON_COGNITO_USER_POOLS' && api.userPoolConfig?.defaultAction === 'DENY'
}

function isIntrospection(typeName: string, fieldName: string): boolean {
  return fieldName.startsWith('__') || typeName.startsWith('__')
}

/** `Type.field`, or the field's ARN in this API; nothing else matches, wildcards included. */
export function isDeniedField(
  deniedFields: readonly string[] | undefined,
  api: GraphqlApi,
  typeName: string,
  fieldName: string,
): boolean {
  if (deniedFields === undefined) return false
  let denied = deniedSets.get(deniedFields)
  if (denied === undefined) {
    denied = new Set(deniedFields)
    deniedSets.set(deniedFields, denied)
  }
  return denied.has(`${typeName}.${fieldName}`) || denied.has(`${api.arn}/types/${typeName}/fields/${fieldName}`)
}

/** An authorizer's list is cached with its answer and asked for every field: it is indexed once. */
const deniedSets = new WeakMap<readonly string[], ReadonlySet<string>>()

function rootTypeNames(schema: GraphQLSchema): ReadonlySet<string> {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  return new Set(roots.flatMap((type) => (type ? [type.name] : [])))
}

function objectTypes(schema: GraphQLSchema): GraphQLObjectType[] {
  return Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
  )
}

function typeDirectives(type: GraphQLObjectType): ConstDirectiveNode[] {
  return [type.astNode, ...type.extensionASTNodes].flatMap((node) => node?.directives ?? [])
}

function warning(
  message: string,
  typeName: string,
  fieldName: string | undefined,
  node: { loc?: { startToken: { line: number; column: number } } | undefined } | undefined,
): SchemaWarning {
  const token = node?.loc?.startToken
  return {
    message,
    typeName,
    ...(fieldName !== undefined && { fieldName }),
    ...(token !== undefined && { location: { line: token.line, column: token.column } }),
  }
}
