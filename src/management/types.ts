import { introspectionFromSchema, Kind, parse, print, type TypeDefinitionNode } from 'graphql'
import { appsyncArn } from '../aws/appsync.ts'
import { buildSchema, SchemaError } from '../graphql/schema/buildSchema.ts'
import type { GraphqlApi } from '../resources.ts'
import { badRequest, notFound } from './errors.ts'
import { type Call, type Operations, page, requireApi, text } from './operation.ts'
import { definitionsOf, schemaOf, schemaProblems, storeSchema } from './schemas.ts'

const TYPE_KINDS: ReadonlySet<string> = new Set([
  Kind.SCALAR_TYPE_DEFINITION,
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
])

function typesOf(definition: string): TypeDefinitionNode[] {
  return definitionsOf(definition).filter((node): node is TypeDefinitionNode => TYPE_KINDS.has(node.kind))
}

function show(call: Call, api: GraphqlApi, definition: string, node: TypeDefinitionNode): Record<string, unknown> {
  const format = text(call.input, 'format') === 'JSON' ? 'JSON' : 'SDL'
  const name = node.name.value
  return {
    name,
    ...(node.description === undefined ? {} : { description: node.description.value }),
    arn: appsyncArn.type(call.scope, api.apiId, name),
    definition: format === 'SDL' ? print(node) : introspectionOf(definition, name),
    format,
  }
}

function introspectionOf(definition: string, name: string): string {
  try {
    const type = introspectionFromSchema(buildSchema(definition).schema).__schema.types.find((one) => one.name === name)
    return JSON.stringify(type ?? null)
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    throw badRequest(error.problems.map(({ message }) => message).join('\n'))
  }
}

/** The one type that a definition of CreateType or UpdateType defines. */
function readType(call: Call): TypeDefinitionNode {
  if (text(call.input, 'format') === 'JSON')
    throw badRequest('Type definitions are taken as SDL by this server: give format SDL.')
  let nodes: readonly unknown[]
  try {
    nodes = parse(text(call.input, 'definition'), { noLocation: true }).definitions
  } catch {
    throw badRequest("Failed to parse schema document - ensure it's a valid SDL-formatted document.")
  }
  const [node, second] = nodes as TypeDefinitionNode[]
  if (node === undefined || second !== undefined || !TYPE_KINDS.has(node.kind))
    throw badRequest('The definition must define exactly one type.')
  return node
}

function findType(call: Call): { api: GraphqlApi; definition: string; node: TypeDefinitionNode } {
  const api = requireApi(call)
  const definition = schemaOf(call, api)?.definition ?? ''
  const name = text(call.input, 'typeName')
  const node = typesOf(definition).find((one) => one.name.value === name)
  if (node === undefined) throw notFound(`Type ${name} not found`)
  return { api, definition, node }
}

/** Stores the schema with other definitions, or refuses what it would break. */
function storeTypes(call: Call, api: GraphqlApi, nodes: readonly { kind: string }[], isFirst = false): string {
  const definition = nodes.map((node) => print(node as TypeDefinitionNode)).join('\n\n')
  // A schema that is made type by type has no query type at first: it is kept, and used once it is complete.
  const problems = schemaProblems(definition)
  if (problems.length > 0 && !isFirst) throw badRequest(problems.join('\n'))
  if (problems.length === 0) storeSchema(call, api, definition)
  else
    call.options.catalog.collection('AWS::AppSync::GraphQLSchema').put({
      arn: appsyncArn.schema(call.scope, api.apiId),
      apiId: api.apiId,
      definition,
      status: 'FAILED',
      details: problems.join('\n'),
    })
  return definition
}

export const types: Operations = {
  CreateType(call) {
    const api = requireApi(call)
    const schema = schemaOf(call, api)
    const node = readType(call)
    const definitions = definitionsOf(schema?.definition ?? '')
    if (definitions.some((one) => 'name' in one && one.name?.value === node.name.value && TYPE_KINDS.has(one.kind)))
      throw badRequest(`Type with name ${node.name.value} already exists`)
    const incomplete = schema === undefined || schema.status === 'FAILED'
    const definition = storeTypes(call, api, [...definitions, node], incomplete)
    return { type: show(call, api, definition, node) }
  },

  GetType(call) {
    const { api, definition, node } = findType(call)
    return { type: show(call, api, definition, node) }
  },

  ListTypes(call) {
    const api = requireApi(call)
    const definition = schemaOf(call, api)?.definition ?? ''
    const items = typesOf(definition).map((node) => ({
      arn: appsyncArn.type(call.scope, api.apiId, node.name.value),
      node,
    }))
    return page(call, 'types', items, ({ node }) => show(call, api, definition, node))
  },

  UpdateType(call) {
    const { api, definition, node } = findType(call)
    const replacement = call.input['definition'] === undefined ? node : readType(call)
    if (replacement.name.value !== node.name.value)
      throw badRequest(`The definition must define the type ${node.name.value}.`)
    const nodes = definitionsOf(definition).map((one) =>
      'name' in one && one.name?.value === node.name.value && TYPE_KINDS.has(one.kind) ? replacement : one,
    )
    const made = storeTypes(call, api, nodes, schemaOf(call, api)?.status === 'FAILED')
    return { type: show(call, api, made, replacement) }
  },

  DeleteType(call) {
    const { api, definition, node } = findType(call)
    const name = node.name.value
    const nodes = definitionsOf(definition).filter(
      (one) => !('name' in one && one.name?.value === name && TYPE_KINDS.has(one.kind)),
    )
    storeTypes(call, api, nodes, schemaOf(call, api)?.status === 'FAILED')
    return {}
  },
}
