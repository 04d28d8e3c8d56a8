import { createHash, randomUUID } from 'node:crypto'
import { getNamedType, isAbstractType, isObjectType, Kind, print } from 'graphql'
import type { MaybePromise } from '../aws/service.ts'
import type { ApiRuntime } from './apiRuntime.ts'
import type { GraphqlAnswer, GraphqlBody, PreparedSubscription, PublishedValue, SubscriptionOutcome } from './engine.ts'
import { argumentsOf } from './execution/argumentsOf.ts'
import { holds } from './execution/conditions.ts'
import { executeOperation } from './execution/executeOperation.ts'
import type { RequestState } from './execution/requestState.ts'
import type { FieldPlan } from './planning/plan.ts'

/**
 * Prepares a subscription: one root field, allowed, its resolver run.
 * @param again Makes a fresh state of the same request, for deliveries.
 */
export function prepareSubscription(
  runtime: ApiRuntime,
  state: RequestState,
  again: () => RequestState | GraphqlAnswer,
): MaybePromise<SubscriptionOutcome> {
  const { plan } = state
  if (plan.operation.operation !== 'subscription') {
    return refused(`A subscription was expected, but the operation is a ${plan.operation.operation}.`)
  }
  const fields = plan.root.fields.filter(
    ({ conditions, meta }) => meta === undefined && (conditions === undefined || holds(conditions, state.variables)),
  )
  const [field] = fields
  if (field === undefined || fields.length !== 1) {
    return refused('Subscription operations must have exactly one root field.')
  }
  const data = executeOperation(state, null)
  return data instanceof Promise
    ? data.then((settled) => conclude(runtime, state, field, settled, again))
    : conclude(runtime, state, field, data, again)
}

function refused(message: string): SubscriptionOutcome {
  return {
    type: 'refused',
    answer: { status: 200, body: { data: null, errors: [{ path: null, locations: null, message }] } },
  }
}

function conclude(
  runtime: ApiRuntime,
  state: RequestState,
  field: FieldPlan,
  data: unknown,
  again: () => RequestState | GraphqlAnswer,
): SubscriptionOutcome {
  state.lifetime.end()
  // A resolver's error refuses the subscription; what a null answer lacks (non-null fields below) does not.
  const ofResolver = state.errors.filter(({ errorType }) => errorType !== undefined)
  if (ofResolver.length > 0) {
    return { type: 'refused', answer: { status: 200, body: { data: data ?? null, errors: ofResolver } } }
  }
  const delivery = again()
  if ('status' in delivery) return { type: 'refused', answer: delivery }
  delivery.lifetime.end()
  const values = argumentsOf(field, state.variables)
  const subscription: PreparedSubscription = {
    apiId: runtime.api.apiId,
    fieldName: field.name,
    responseKey: field.responseKey,
    arguments: givenArguments(field, values, state),
    mutations: runtime.schema.subscribedMutations.get(field.name) ?? [],
    filter: state.effects.subscriptionFilter,
    invalidationFilter: state.effects.subscriptionInvalidationFilter,
    projectionKey: projectionKey(state, field),
    project: (result) => project(delivery, field, result),
    body: { data: data ?? null },
  }
  return { type: 'prepared', subscription }
}

/** What the operation gave: an argument whose variable has no value was left out, one that is null was not. */
function givenArguments(
  field: FieldPlan,
  values: Readonly<Record<string, unknown>>,
  state: RequestState,
): Record<string, unknown> {
  const given: Record<string, unknown> = {}
  for (const { name, node, hasDefault } of field.arguments) {
    if (node === undefined) {
      if (hasDefault) given[name] = values[name]
      continue
    }
    if (node.kind === Kind.VARIABLE && values[name] === null && !isGiven(state, node.name.value)) continue
    given[name] = values[name]
  }
  return given
}

function isGiven(state: RequestState, variable: string): boolean {
  const raw = state.rawVariables
  return raw !== undefined && raw !== null && Object.hasOwn(raw, variable)
}

/** Fields of a selection that are looked at for `projectionKey`; a larger selection shares frames with no other. */
const MAX_KEYED_FIELDS = 5_000

function projectionKey(state: RequestState, root: FieldPlan): string {
  const { plan, rules } = state
  const denied: string[] = []
  let looked = 0
  const visit = (field: FieldPlan, path: string): void => {
    if (++looked > MAX_KEYED_FIELDS) return
    if (field.meta === undefined && rules?.allows(state.caller, field.parentType.name, field.name) === false) {
      denied.push(`${path} ${field.parentType.name}`)
    }
    if (field.parts.length === 0) return
    const named = getNamedType(field.definition.type)
    const types = isObjectType(named) ? [named] : isAbstractType(named) ? plan.schema.getPossibleTypes(named) : []
    for (const type of types) {
      for (const selected of plan.selectionOf(field, type).fields) visit(selected, `${path}/${selected.responseKey}`)
    }
  }
  visit(root, root.responseKey)
  const hash = createHash('sha256')
  // Without the operation's own arguments, which decide about delivery and not about what is shown.
  hash.update(print(plan.operation.selectionSet))
  for (const fragment of plan.fragments.values()) hash.update(print(fragment))
  hash.update(JSON.stringify(state.variables)).update(denied.join('\n'))
  if (looked > MAX_KEYED_FIELDS) hash.update(randomUUID())
  return hash.digest('base64')
}

function project(delivery: RequestState, field: FieldPlan, result: PublishedValue): GraphqlBody {
  delivery.errors = []
  delivery.runsResolvers = false
  const data = executeOperation(delivery, { [field.name]: result })
  return delivery.errors.length === 0 ? { data } : { data, errors: delivery.errors }
}
