import { type DefinitionNode, introspectionFromSchema, Kind, parse, print, visit } from 'graphql'
import { appsyncArn } from '../aws/appsync.ts'
import { buildSchema, SchemaError } from '../graphql/schema/buildSchema.ts'
import type { GraphqlApi, GraphqlSchema } from '../resources.ts'
import { fault, notFound } from './errors.ts'
import { type Call, type Operations, RawBody, requireApi, text } from './operation.ts'

/** The API's schema; undefined when none was uploaded. */
export function schemaOf({ options, scope }: Call, api: GraphqlApi): GraphqlSchema | undefined {
  return options.catalog.collection('AWS::AppSync::GraphQLSchema').get(appsyncArn.schema(scope, api.apiId))
}

/** AppSync's sentences for what is wrong with a schema; none when it can be used. */
export function schemaProblems(definition: string): string[] {
  try {
    buildSchema(definition)
    return []
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    return error.problems.map(({ message }) => message)
  }
}

/** Definitions of an SDL text that is known to parse; extensions are left out. */
export function definitionsOf(definition: string): DefinitionNode[] {
  try {
    return [...parse(definition, { noLocation: true }).definitions]
  } catch {
    return []
  }
}

/**
 * Puts a schema, or says why not: a schema that fails leaves the one before it in use. Both are one write, so that
 * a crash leaves the old state or the new.
 */
export function storeSchema(
  call: Call,
  api: GraphqlApi,
  definition: string,
): { status: 'SUCCESS' | 'FAILED'; details: string } {
  const problems = schemaProblems(definition)
  const before = schemaOf(call, api)
  const schemas = call.options.catalog.collection('AWS::AppSync::GraphQLSchema')
  const common = { arn: appsyncArn.schema(call.scope, api.apiId), apiId: api.apiId }
  if (problems.length === 0) {
    const types = definitionsOf(definition).filter((node) => node.kind !== Kind.SCHEMA_DEFINITION).length
    const details = `Successfully created schema with ${types} types.`
    schemas.put({ ...common, definition, status: 'SUCCESS', details, creation: { status: 'SUCCESS', details } })
    return { status: 'SUCCESS', details }
  }
  const details = problems.join('\n')
  const creation = { status: 'FAILED', details } as const
  schemas.put(
    before === undefined || before.definition === ''
      ? { ...common, definition: '', status: 'FAILED', details, creation }
      : { ...before, creation },
  )
  return creation
}

function withoutDirectives(definition: string): string {
  return print(visit(parse(definition, { noLocation: true }), { Directive: () => null }))
}

export const schemas: Operations = {
  StartSchemaCreation(call) {
    const api = requireApi(call)
    const bytes = Buffer.from(text(call.input, 'definition'), 'base64')
    let definition: string
    try {
      definition = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      throw fault('BadRequestException', 'Schema definition must be UTF-8 text.')
    }
    storeSchema(call, api, definition)
    // The outcome is there when it is asked for next; the answer to the upload itself is always this.
    return { status: 'PROCESSING' }
  },

  GetSchemaCreationStatus(call) {
    const schema = schemaOf(call, requireApi(call))
    if (schema === undefined) return { status: 'NOT_APPLICABLE' }
    const { status, details } = schema.creation ?? schema
    return { status, ...(details === undefined ? {} : { details }) }
  },

  GetIntrospectionSchema(call) {
    const schema = schemaOf(call, requireApi(call))
    if (schema === undefined || schema.definition === '') throw notFound('No schema found.')
    const includeDirectives = call.input['includeDirectives'] !== false
    const format = text(call.input, 'format')
    if (format === 'SDL') {
      try {
        const sdl = includeDirectives
          ? print(parse(schema.definition, { noLocation: true }))
          : withoutDirectives(schema.definition)
        return new RawBody(`${sdl}\n`, 'application/json')
      } catch (cause) {
        throw fault('GraphQLSchemaException', `Unable to print the schema: ${String(cause)}`)
      }
    }
    try {
      const { schema: built } = buildSchema(schema.definition)
      const introspection = introspectionFromSchema(built)
      const { directives: _, ...rest } = introspection.__schema
      const __schema = includeDirectives ? introspection.__schema : { ...rest, directives: [] }
      return new RawBody(JSON.stringify({ data: { __schema } }), 'application/json')
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      throw fault('GraphQLSchemaException', error.problems.map(({ message }) => message).join('\n'))
    }
  },
}
