import { AwsError } from '../../aws/errors.ts'
import type { Activity, StateMachine } from '../../resources.ts'
import { checkArn } from './arns.ts'
import type { Api, Operation } from './context.ts'
import { list, text } from './input.ts'
import { checkTagCount, listTags, readTags } from './tags.ts'

interface Tagged {
  tags: Record<string, string> | undefined
  replace(tags: Record<string, string>): void
}

function requireTagged(api: Api, arn: string): Tagged {
  checkArn(arn, 'stateMachine', 'activity')
  const machines = api.catalog.collection('AWS::StepFunctions::StateMachine')
  const activities = api.catalog.collection('AWS::StepFunctions::Activity')
  const machine = machines.get(arn)
  if (machine !== undefined) {
    return { tags: machine.tags, replace: (tags) => machines.put({ ...machine, tags } satisfies StateMachine) }
  }
  const activity = activities.get(arn)
  if (activity !== undefined) {
    return { tags: activity.tags, replace: (tags) => activities.put({ ...activity, tags } satisfies Activity) }
  }
  throw new AwsError('ResourceNotFound', `Resource not found: '${arn}'`, { details: { resourceName: arn } })
}

export const tagResource: Operation = (api, input) => {
  const arn = text(input, 'resourceArn')
  const tagged = requireTagged(api, arn)
  tagged.replace(checkTagCount({ ...tagged.tags, ...readTags(list(input, 'tags')) }, arn))
  return {}
}

export const untagResource: Operation = (api, input) => {
  const tagged = requireTagged(api, text(input, 'resourceArn'))
  const keys = new Set(Array.isArray(input['tagKeys']) ? input['tagKeys'] : [])
  tagged.replace(Object.fromEntries(Object.entries(tagged.tags ?? {}).filter(([key]) => !keys.has(key))))
  return {}
}

export const listTagsForResource: Operation = (api, input) => ({
  tags: listTags(requireTagged(api, text(input, 'resourceArn')).tags),
})
