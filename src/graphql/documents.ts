import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import { GraphQLError, Kind, parse } from 'graphql'
import type { GraphqlErrorObject } from './errors.ts'
import { exceedsDocumentBounds, MAX_DOCUMENT_TOKENS } from './limits.ts'
import type { OperationPlan } from './planning/planOperation.ts'
import { PlanTooLargeError, planOperation } from './planning/planOperation.ts'
import type { FieldResolver } from './resolving/resolver.ts'
import type { ApiSchema } from './schema/buildSchema.ts'
import { validateDocument } from './validation/validateDocument.ts'

/** Longest document that is kept. Those that are written by hand or by code generators are far below. */
const MAX_CACHED_DOCUMENT = 100_000
/** Documents kept parsed, validated and planned, per API. */
const MAX_CACHED_DOCUMENTS = 1_000
/** Characters of all documents kept per API. */
const MAX_CACHED_CHARACTERS = 8_000_000

/** A document as requests find it: ready to run, or with the reason why it cannot. */
export type PreparedDocument =
  | { type: 'unparsable' }
  | { type: 'invalid'; errors: readonly GraphqlErrorObject[] }
  | {
      type: 'valid'
      operations: ReadonlyMap<string, PreparedOperation>
      /** The only operation, when there is exactly one. */
      single: PreparedOperation | undefined
      count: number
    }

export interface PreparedOperation {
  operation: OperationDefinitionNode
  /** Made when it is first run; the error is that of a plan which would be too large. */
  plan(): OperationPlan | PlanTooLargeError | undefined
}

export interface DocumentStore {
  prepare(query: string): PreparedDocument
}

export interface DocumentStoreOptions {
  schema: ApiSchema
  introspection: boolean
  resolverOf(typeName: string, fieldName: string): FieldResolver | undefined
}

/** Parses, validates and plans documents once each, keeping those last used. */
export function createDocumentStore(options: DocumentStoreOptions): DocumentStore {
  const cache = new Map<string, PreparedDocument>()
  let characters = 0
  let last: { query: string; prepared: PreparedDocument } | undefined

  return {
    prepare(query) {
      // The same text over and over is the usual load; comparing it is cheaper than hashing it.
      if (last !== undefined && last.query === query) return last.prepared
      let prepared = cache.get(query)
      if (prepared === undefined) {
        prepared = prepareDocument(query, options)
        if (query.length > MAX_CACHED_DOCUMENT) return prepared
        characters += query.length
      } else cache.delete(query)
      cache.set(query, prepared)
      while (cache.size > MAX_CACHED_DOCUMENTS || (characters > MAX_CACHED_CHARACTERS && cache.size > 1)) {
        const oldest = cache.keys().next().value
        if (oldest === undefined) break
        cache.delete(oldest)
        characters -= oldest.length
      }
      last = { query, prepared }
      return prepared
    },
  }
}

function prepareDocument(query: string, options: DocumentStoreOptions): PreparedDocument {
  if (exceedsDocumentBounds(query)) return { type: 'unparsable' }
  let document: DocumentNode
  try {
    document = parse(query, { maxTokens: MAX_DOCUMENT_TOKENS })
  } catch (error) {
    if (error instanceof GraphQLError || error instanceof RangeError) return { type: 'unparsable' }
    throw error
  }
  const { schema } = options.schema
  const errors = validateDocument(schema, document, { introspection: options.introspection })
  if (errors.length > 0) return { type: 'invalid', errors }
  const operations = new Map<string, PreparedOperation>()
  let count = 0
  let single: PreparedOperation | undefined
  for (const operation of document.definitions) {
    if (operation.kind !== Kind.OPERATION_DEFINITION) continue
    count++
    let plan: OperationPlan | PlanTooLargeError | undefined
    const prepared: PreparedOperation = {
      operation,
      plan() {
        const rootType = schema.getRootType(operation.operation)
        if (plan === undefined && rootType !== undefined && rootType !== null) {
          try {
            plan = planOperation(schema, document, operation, rootType, options.resolverOf)
          } catch (error) {
            if (!(error instanceof PlanTooLargeError)) throw error
            plan = error
          }
        }
        return plan
      },
    }
    single = count === 1 ? prepared : undefined
    operations.set(operation.name?.value ?? '', prepared)
  }
  return { type: 'valid', operations, single, count }
}
