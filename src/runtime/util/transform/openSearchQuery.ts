import { failure, type UtilEnvironment } from '../environment.ts'
import { entriesOf, isAbsent, isList, isMap, plainCopy } from '../values.ts'

const MAX_DEPTH = 50

/** Operators that are one query with the value under the field's name. */
const SIMPLE = new Map([
  ['eq', 'term'],
  ['match', 'match'],
  ['matchPhrase', 'match_phrase'],
  ['matchPhrasePrefix', 'match_phrase_prefix'],
  ['multiMatch', 'multi_match'],
  ['wildcard', 'wildcard'],
  ['regexp', 'regexp'],
])

const RANGES = new Set(['gt', 'gte', 'lt', 'lte'])

/** The OpenSearch query of a filter object; several conditions are joined with `must`. */
export function openSearchQuery(environment: UtilEnvironment, filter: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw failure('The filter is nested too deeply.')
  if (!isMap(filter)) throw failure('The filter must be an object.')
  const queries: unknown[] = []
  for (const [name, operand] of entriesOf(filter)) {
    environment.charge(4)
    if (isAbsent(operand)) continue
    if ((name === 'and' || name === 'or') && isList(operand)) {
      const inner = operand.map((part) => openSearchQuery(environment, part, depth + 1))
      queries.push(name === 'and' ? { bool: { must: inner } } : { bool: { should: inner, minimum_should_match: 1 } })
    } else if (name === 'not' && isMap(operand)) queries.push(not(openSearchQuery(environment, operand, depth + 1)))
    else if (isMap(operand)) {
      const conditions = entriesOf(operand).flatMap(([operator, value]) =>
        isAbsent(value) ? [] : [condition(environment, name, operator, value)],
      )
      if (conditions.length > 0) queries.push(all(conditions))
    } else throw failure(`Invalid condition for '${name}': an object of operators is required.`)
  }
  return all(queries)
}

function all(queries: unknown[]): unknown {
  return queries.length === 1 ? queries[0] : { bool: { must: queries } }
}

function not(query: unknown): unknown {
  return { bool: { must_not: query } }
}

function under(field: string, value: unknown): unknown {
  return Object.assign(Object.create(null), { [field]: value })
}

function condition(environment: UtilEnvironment, field: string, operator: string, given: unknown): unknown {
  const value = plainCopy(environment, given)
  const simple = SIMPLE.get(operator)
  if (simple !== undefined) return { [simple]: under(field, value) }
  if (RANGES.has(operator)) return { range: under(field, { [operator]: value }) }
  if (operator === 'ne') return not({ term: under(field, value) })
  if (operator === 'exists') return value === false ? not({ exists: { field } }) : { exists: { field } }
  if (operator === 'range' && isList(value) && value.length === 2)
    return { range: under(field, { gte: value[0], lte: value[1] }) }
  throw failure(`Unsupported operator '${operator}'.`)
}
