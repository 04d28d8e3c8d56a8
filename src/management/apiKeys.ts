import { API_KEY_DAYS, apiKeyTimes, appsyncArn } from '../aws/appsync.ts'
import type { ApiKey } from '../resources.ts'
import { fault, notFound } from './errors.ts'
import { newId } from './ids.ts'
import { type Call, given, type Operations, page, requireApi, shown, text } from './operation.ts'

/** API keys per API (AppSync quotas). */
const MAX_API_KEYS = 50
const SECONDS_PER_DAY = 86_400
const SECONDS_PER_HOUR = 3_600

function times(call: Call): { expires: number; deletes: number } {
  const { input } = call
  const asked = typeof input['expires'] === 'number' ? input['expires'] : undefined
  const now = Math.floor(call.now() / 1000)
  const made = apiKeyTimes(asked, call.now())
  // Both bounds give the hour that rounding takes.
  const least = now + API_KEY_DAYS.min * SECONDS_PER_DAY - SECONDS_PER_HOUR
  const most = now + API_KEY_DAYS.max * SECONDS_PER_DAY
  if (made.expires < least || made.expires > most)
    throw fault(
      'ApiKeyValidityOutOfBoundsException',
      `API key must be valid for a minimum of ${API_KEY_DAYS.min} days, and a maximum of ${API_KEY_DAYS.max} days.`,
    )
  return made
}

function requireKey(call: Call): ApiKey {
  const { arn } = requireApi(call)
  const key = call.options.catalog.collection('AWS::AppSync::ApiKey').get(`${arn}/apikeys/${text(call.input, 'id')}`)
  if (key === undefined) throw notFound(`API key ${text(call.input, 'id')} not found.`)
  return key
}

const show = (key: ApiKey): Record<string, unknown> => shown('ApiKey', key)

export const apiKeys: Operations = {
  CreateApiKey(call) {
    const { input, scope, options } = call
    const api = requireApi(call)
    const keys = options.catalog.collection('AWS::AppSync::ApiKey')
    const made = times(call)
    if (keys.list(`${api.arn}/apikeys/`).length >= MAX_API_KEYS)
      throw fault('ApiKeyLimitExceededException', `The API key exceeded a limit: an API can have ${MAX_API_KEYS} keys.`)
    const id = `da2-${newId(options)}`
    const key: ApiKey = {
      arn: appsyncArn.apiKey(scope, api.apiId, id),
      apiId: api.apiId,
      id,
      ...(given(input, 'description') as { description?: string }),
      ...made,
    }
    keys.put(key)
    return { apiKey: show(key) }
  },

  ListApiKeys(call) {
    const keys = call.options.catalog.collection('AWS::AppSync::ApiKey').list(`${requireApi(call).arn}/apikeys/`)
    return page(call, 'apiKeys', keys, show)
  },

  UpdateApiKey(call) {
    const key = requireKey(call)
    const updated: ApiKey = {
      ...key,
      ...(given(call.input, 'description') as { description?: string }),
      ...(call.input['expires'] === undefined ? {} : times(call)),
    }
    call.options.catalog.collection('AWS::AppSync::ApiKey').put(updated)
    return { apiKey: show(updated) }
  },

  DeleteApiKey(call) {
    call.options.catalog.collection('AWS::AppSync::ApiKey').delete(requireKey(call).arn)
    return {}
  },
}
