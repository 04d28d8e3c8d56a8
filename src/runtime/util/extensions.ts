import { failure, mismatch, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { isAbsent, isMap, memberOf, newMap, plainCopy } from './values.ts'

/** In one request (AppSync, "Extensions"). */
const MAX_INVALIDATIONS = 5

function done(environment: UtilEnvironment): '' | undefined {
  return environment.language === 'VTL' ? '' : undefined
}

/** Evicts the entries of a field from the API's cache that were made with these keys (`context.arguments.id`: value). */
const evictFromApiCache: UtilFunction = (environment, args) => {
  const [typeName, fieldName, keys] = args
  if (typeof typeName !== 'string' || typeof fieldName !== 'string' || !(isMap(keys) || isAbsent(keys))) {
    return mismatch(environment)
  }
  environment.effects.evictFromApiCache ??= []
  environment.effects.evictFromApiCache.push({
    typeName,
    fieldName,
    keys: isMap(keys) ? (plainCopy(environment, keys) as Record<string, unknown>) : newMap(),
  })
  return done(environment)
}

const setSubscriptionFilter: UtilFunction = (environment, [filter]) => {
  if (!isMap(filter)) return mismatch(environment)
  environment.effects.subscriptionFilter = plainCopy(environment, filter)
  return done(environment)
}

const setSubscriptionInvalidationFilter: UtilFunction = (environment, [filter]) => {
  if (!isMap(filter)) return mismatch(environment)
  environment.effects.subscriptionInvalidationFilter = plainCopy(environment, filter)
  return done(environment)
}

/** Ends the subscriptions whose invalidation filter takes the payload. */
const invalidateSubscriptions: UtilFunction = (environment, [invalidation]) => {
  if (!isMap(invalidation) || typeof memberOf(invalidation, 'subscriptionField') !== 'string') {
    return mismatch(environment)
  }
  environment.effects.invalidateSubscriptions ??= []
  if (environment.effects.invalidateSubscriptions.length >= MAX_INVALIDATIONS) {
    throw failure(`extensions.invalidateSubscriptions can be called at most ${MAX_INVALIDATIONS} times in a request.`)
  }
  environment.effects.invalidateSubscriptions.push(plainCopy(environment, invalidation))
  return done(environment)
}

export const extensionFunctions = {
  evictFromApiCache,
  setSubscriptionFilter,
  setSubscriptionInvalidationFilter,
  invalidateSubscriptions,
} satisfies Record<string, UtilFunction>
