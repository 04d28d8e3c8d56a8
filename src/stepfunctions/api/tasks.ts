import { AwsError } from '../../aws/errors.ts'
import { MAX_DATA_BYTES } from '../engine.ts'
import type { Operation } from './context.ts'
import { optionalText, text } from './input.ts'

export const sendTaskSuccess: Operation = async (api, input) => {
  const output = text(input, 'output')
  const invalid = (reason: string): AwsError => new AwsError('InvalidOutput', `Invalid Output: '${reason}'`)
  if (Buffer.byteLength(output) > MAX_DATA_BYTES) throw invalid(`The output exceeds ${MAX_DATA_BYTES} bytes`)
  try {
    JSON.parse(output)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'not JSON')
  }
  await api.engine.sendTaskSuccess({ taskToken: text(input, 'taskToken'), output })
  return {}
}

export const sendTaskFailure: Operation = async (api, input) => {
  const error = optionalText(input, 'error')
  const cause = optionalText(input, 'cause')
  await api.engine.sendTaskFailure({
    taskToken: text(input, 'taskToken'),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  })
  return {}
}

export const sendTaskHeartbeat: Operation = async (api, input) => {
  await api.engine.sendTaskHeartbeat({ taskToken: text(input, 'taskToken') })
  return {}
}
