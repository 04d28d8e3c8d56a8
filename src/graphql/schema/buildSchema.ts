import type { DocumentNode, GraphQLField } from 'graphql'
import {
  buildASTSchema,
  GraphQLError,
  GraphQLSchema,
  getDirectiveValues,
  Kind,
  parse,
  specifiedDirectives,
  validateSchema,
} from 'graphql'
import { validateSDL } from 'graphql/validation/validate.js'
import { awsScalarNames, awsScalars } from '../scalars/index.ts'
import { withCommentDescriptions } from './commentDescriptions.ts'
import { acceptedDirectives, shownDirectives } from './directives.ts'

/** Largest schema document (AppSync quotas), in bytes. */
export const MAX_SCHEMA_BYTES = 1_048_576
/** Above anything that fits the size; ends pathological documents early. */
const MAX_SCHEMA_TOKENS = 600_000

export interface SchemaProblem {
  message: string
  /** Line and column in the document, counted from 1; undefined where the whole document is meant. */
  location: { line: number; column: number } | undefined
}

/** A schema document that AppSync would refuse. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  /** All of them where more than one is found. */
  readonly problems: readonly SchemaProblem[]

  constructor(problems: readonly SchemaProblem[]) {
    super(problems.map(({ message }) => message).join('\n'))
    this.problems = problems
  }
}

/** The schema of an API, executable and introspectable. */
export interface ApiSchema {
  schema: GraphQLSchema
  /** Mutations named by `@aws_subscribe`, by subscription field. */
  subscribedMutations: ReadonlyMap<string, readonly string[]>
  /** Mutation fields that some subscription listens to. */
  publishedMutations: ReadonlySet<string>
}

const UNPARSABLE = "Failed to parse schema document - ensure it's a valid SDL-formatted document."

const provided = parse(`${[...awsScalarNames].map((name) => `scalar ${name}`).join('\n')}\n${acceptedDirectives}`, {
  noLocation: true,
})
const introspectedDirectives = buildASTSchema(parse(shownDirectives, { noLocation: true })).getDirectives()
const SHOWN_BUILT_IN = new Set(['include', 'skip', 'deprecated'])
const shownAlways = [
  ...specifiedDirectives.filter(({ name }) => SHOWN_BUILT_IN.has(name)),
  ...introspectedDirectives.filter(({ name }) => !specifiedDirectives.some((directive) => directive.name === name)),
]

/**
 * Builds what AppSync builds from an SDL document.
 * @throws SchemaError in AppSync's words where they are known, with graphql-js's where they are not.
 */
export function buildSchema(definition: string): ApiSchema {
  if (Buffer.byteLength(definition) > MAX_SCHEMA_BYTES) {
    throw new SchemaError([{ message: 'Schema document size exceeds the limit of 1 MB.', location: undefined }])
  }
  const document = parseDefinition(definition)
  refuseRestricted(document)
  const whole: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [...provided.definitions, ...withCommentDescriptions(document).definitions],
  }
  const schema = buildChecked(whole)
  const subscribedMutations = new Map<string, readonly string[]>()
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    subscribedMutations.set(field.name, mutationsOf(schema, field))
  }
  return { schema, subscribedMutations, publishedMutations: new Set([...subscribedMutations.values()].flat()) }
}

function parseDefinition(definition: string): DocumentNode {
  try {
    return parse(definition, { maxTokens: MAX_SCHEMA_TOKENS })
  } catch (error) {
    if (error instanceof GraphQLError) {
      throw new SchemaError([{ message: `${UNPARSABLE} ${error.message}`, location: error.locations?.[0] }])
    }
    throw new SchemaError([{ message: UNPARSABLE, location: undefined }])
  }
}

/** SDL that graphql-js takes and AppSync does not. */
function refuseRestricted(document: DocumentNode): void {
  const problems: SchemaProblem[] = []
  const report = (
    message: string,
    node: { loc?: { startToken: { line: number; column: number } } | undefined },
  ): void => {
    const token = node.loc?.startToken
    problems.push({ message, location: token && { line: token.line, column: token.column } })
  }
  let hasSchemaNode = false
  let operations: readonly { operation: string }[] = []
  let hasQueryType = false
  for (const node of document.definitions) {
    switch (node.kind) {
      case Kind.OPERATION_DEFINITION:
      case Kind.FRAGMENT_DEFINITION:
        report(UNPARSABLE, node)
        break
      case Kind.DIRECTIVE_DEFINITION:
        report('Directive definitions are not supported.', node)
        break
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_EXTENSION:
        report(`Custom scalar types are not supported: '${node.name.value}'.`, node)
        break
      case Kind.INTERFACE_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_EXTENSION:
        if ((node.interfaces?.length ?? 0) > 0) report(UNPARSABLE, node)
        break
      case Kind.SCHEMA_DEFINITION:
      case Kind.SCHEMA_EXTENSION:
        hasSchemaNode = true
        operations = [...operations, ...(node.operationTypes ?? [])]
        break
      case Kind.OBJECT_TYPE_DEFINITION:
        hasQueryType ||= node.name.value === 'Query'
        break
      default:
        break
    }
  }
  if (!hasSchemaNode && !hasQueryType) {
    problems.push({ message: 'There is no top level schema object defined.', location: undefined })
  } else if (hasSchemaNode && !operations.some(({ operation }) => operation === 'query')) {
    problems.push({ message: "A schema MUST have a 'query' operation defined.", location: undefined })
  }
  if (problems.length > 0) throw new SchemaError(problems)
}

function buildChecked(document: DocumentNode): GraphQLSchema {
  const invalid = (errors: readonly GraphQLError[]): SchemaError =>
    new SchemaError(errors.map((error) => ({ message: error.message, location: error.locations?.[0] })))
  const sdlErrors = validateSDL(document)
  if (sdlErrors.length > 0) throw invalid(sdlErrors)
  const built = buildASTSchema(document, { assumeValidSDL: true })
  const schemaErrors = validateSchema(built)
  if (schemaErrors.length > 0) throw invalid(schemaErrors)
  const described = new Map(awsScalars.map((scalar) => [scalar.name, scalar.description]))
  for (const type of Object.values(built.getTypeMap())) {
    const description = described.get(type.name)
    if (description !== undefined) type.description = description
  }
  return new GraphQLSchema({
    ...built.toConfig(),
    types: Object.values(built.getTypeMap()).filter(isShown(built)),
    directives: shownAlways,
    assumeValid: true,
  })
}

/** The service shows only those of its scalars that a schema uses. */
function isShown(schema: GraphQLSchema): (type: { name: string }) => boolean {
  const definition = new GraphQLSchema({
    query: schema.getQueryType() ?? null,
    mutation: schema.getMutationType() ?? null,
    subscription: schema.getSubscriptionType() ?? null,
    types: Object.values(schema.getTypeMap()).filter(({ name }) => !awsScalarNames.has(name)),
    directives: [],
    assumeValid: true,
  })
  const used = definition.getTypeMap()
  return ({ name }) => !awsScalarNames.has(name) || Object.hasOwn(used, name)
}

function mutationsOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): string[] {
  const directive = introspectedDirectives.find(({ name }) => name === 'aws_subscribe')
  if (directive === undefined || field.astNode === undefined || field.astNode === null) return []
  const mutations = getDirectiveValues(directive, field.astNode)?.['mutations']
  const known = schema.getMutationType()?.getFields() ?? {}
  return Array.isArray(mutations)
    ? mutations.filter((name): name is string => typeof name === 'string' && Object.hasOwn(known, name))
    : []
}
