import { validationError } from '../errors.ts'
import type { Operation } from './context.ts'

export const updateTimeToLive: Operation = ({ tables }, input, scope) => {
  const { Enabled: enabled, AttributeName: attribute } = input['TimeToLiveSpecification'] as {
    Enabled: boolean
    AttributeName: string
  }
  const resource = tables.describe(scope, input['TableName'] as string)
  const current = resource.timeToLive?.Enabled === true ? resource.timeToLive.AttributeName : undefined
  if (enabled && current === attribute) throw validationError('TimeToLive is already enabled')
  if (!enabled && current === undefined) throw validationError('TimeToLive is already disabled')
  if (current !== undefined && current !== attribute)
    throw validationError(`TimeToLive is active on a different AttributeName: current AttributeName is ${current}`)
  tables.put({ ...resource, timeToLive: { AttributeName: attribute, Enabled: enabled } })
  return { TimeToLiveSpecification: { Enabled: enabled, AttributeName: attribute } }
}

export const describeTimeToLive: Operation = ({ tables }, input, scope) => {
  const { timeToLive } = tables.describe(scope, input['TableName'] as string)
  return {
    TimeToLiveDescription:
      timeToLive?.Enabled === true
        ? { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive.AttributeName }
        : { TimeToLiveStatus: 'DISABLED' },
  }
}
