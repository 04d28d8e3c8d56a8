import { formatArn } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'
import type { Activity } from '../../resources.ts'
import { checkArn } from './arns.ts'
import { DEFAULT_ENCRYPTION, encryptionConfiguration } from './configurations.ts'
import type { Api, Operation } from './context.ts'
import { checkName, list, optionalText, present, seconds, text } from './input.ts'
import { cutPage } from './pages.ts'
import { checkTagCount, readTags } from './tags.ts'

const activities = (api: Api) => api.catalog.collection('AWS::StepFunctions::Activity')

function requireActivity(api: Api, arn: string): Activity {
  const activity = activities(api).get(arn)
  if (activity === undefined) throw new AwsError('ActivityDoesNotExist', `Activity Does Not Exist: '${arn}'`)
  return activity
}

export const createActivity: Operation = (api, input, { accountId, region }) => {
  const name = checkName(text(input, 'name'))
  const arn = formatArn({ service: 'states', accountId, region, resource: `activity:${name}` })
  const encryption = encryptionConfiguration(input)
  const tags = checkTagCount(readTags(list(input, 'tags')), arn)
  const existing = activities(api).get(arn)
  if (existing !== undefined) {
    // Idempotent by name, unless it would be encrypted in another way.
    if (JSON.stringify(existing.encryptionConfiguration) !== JSON.stringify(encryption)) {
      throw new AwsError('ActivityAlreadyExists', `Activity Already Exists: '${arn}'`)
    }
    return { activityArn: arn, creationDate: seconds(existing.creationDate) }
  }
  const creationDate = api.now()
  activities(api).put({
    arn,
    name,
    creationDate,
    ...(encryption === undefined ? {} : { encryptionConfiguration: encryption }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  })
  return { activityArn: arn, creationDate: seconds(creationDate) }
}

export const deleteActivity: Operation = (api, input) => {
  const arn = checkArn(text(input, 'activityArn'), 'activity')
  if (activities(api).delete(arn)) api.engine.forgetActivity(arn)
  return {}
}

export const describeActivity: Operation = (api, input) => {
  const activity = requireActivity(api, checkArn(text(input, 'activityArn'), 'activity'))
  return {
    activityArn: activity.arn,
    name: activity.name,
    creationDate: seconds(activity.creationDate),
    encryptionConfiguration: activity.encryptionConfiguration ?? DEFAULT_ENCRYPTION,
  }
}

export const listActivities: Operation = (api, input, { accountId, region }) => {
  const prefix = formatArn({ service: 'states', accountId, region, resource: 'activity:' })
  const { items, nextToken } = cutPage(activities(api).list(prefix), input, api.pageTokens, 'ListActivities')
  return present({
    activities: items.map(({ arn, name, creationDate }) => ({
      activityArn: arn,
      name,
      creationDate: seconds(creationDate),
    })),
    nextToken,
  })
}

export const getActivityTask: Operation = async (api, input, context) => {
  const activityArn = checkArn(text(input, 'activityArn'), 'activity')
  requireActivity(api, activityArn)
  const workerName = optionalText(input, 'workerName')
  const task = await api.engine.getActivityTask({
    activityArn,
    ...(workerName === undefined ? {} : { workerName }),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  })
  return task === undefined ? {} : { taskToken: task.taskToken, input: task.input }
}
