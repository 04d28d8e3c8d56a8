import { compileJsonataTemplate } from '../../jsonata/template.ts'
import { compileTemplate } from '../../jsonpath/payloadTemplate.ts'
import { below, checkFields, has, objectField, type Place, problem, requireFields, textField } from '../check.ts'
import { compileInput, compileLeave } from '../dataFlow.ts'
import { compileCatch, compileRetry } from '../errorHandling.ts'
import { isObject, member } from '../json.ts'
import { compileNumberField } from '../numberField.ts'
import type { Evaluator, TaskState } from '../program.ts'
import { compileTransition } from './transition.ts'

/** Largest TimeoutSeconds and HeartbeatSeconds. */
const MAX_TIMEOUT_SECONDS = 99_999_999

export function compileTask(place: Place): TaskState {
  checkFields(place, {
    both: [
      'Type',
      'QueryLanguage',
      'Resource',
      'Next',
      'End',
      'Retry',
      'Catch',
      'TimeoutSeconds',
      'HeartbeatSeconds',
      'Credentials',
      'Assign',
    ],
    JSONPath: [
      'InputPath',
      'OutputPath',
      'Parameters',
      'ResultSelector',
      'ResultPath',
      'TimeoutSecondsPath',
      'HeartbeatSecondsPath',
    ],
    JSONata: ['Arguments', 'Output'],
  })
  requireFields(place, ['Resource'])
  const timeoutSeconds = compileTimeout(place, 'TimeoutSeconds')
  const heartbeatSeconds = compileTimeout(place, 'HeartbeatSeconds')
  const [timeout, heartbeat] = [member(place.fields, 'TimeoutSeconds'), member(place.fields, 'HeartbeatSeconds')]
  if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout) {
    problem(place, 'HeartbeatSeconds must be smaller than TimeoutSeconds', 'HeartbeatSeconds')
  }
  const credentials = compileCredentials(place)
  return {
    type: 'Task',
    name: place.stateName,
    queryLanguage: place.language,
    resource: compileResource(place),
    transition: compileTransition(place),
    input: compileInput(place, { template: true }),
    leave: compileLeave(place, { result: true, resultPath: true }),
    retry: compileRetry(place),
    catch: compileCatch(place),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
    ...(credentials === undefined ? {} : { credentials }),
  }
}

function compileTimeout(place: Place, field: string): Evaluator<number> | undefined {
  return compileNumberField(place, field, {
    minimum: 1,
    maximum: MAX_TIMEOUT_SECONDS,
    outOfRange: `${field} must be between 1 and ${MAX_TIMEOUT_SECONDS}.`,
  })
}

function compileResource(place: Place): string {
  const resource = textField(place, 'Resource')
  if (resource === undefined) return ''
  if (!/^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+/.test(resource)) problem(place, 'Value is not a valid resource ARN', 'Resource')
  if (place.scope.type === 'EXPRESS') {
    // Both sentences as the service writes them, the blanks too.
    if (/\.sync(?::2)?$/.test(resource)) {
      problem(place, "Express state machine does not support '.sync' service integration", 'Resource')
    } else if (resource.endsWith('.waitForTaskToken')) {
      problem(place, "Express state machine does not support '.waitForTaskToken' service integration ", 'Resource')
    } else if (/^arn:[^:]+:states:[^:]+:[^:]+:activity:/.test(resource)) {
      problem(place, 'Express state machine does not support Activity ARN', 'Resource')
    }
  }
  return resource
}

function compileCredentials(place: Place): Evaluator | undefined {
  if (!has(place, 'Credentials')) return undefined
  const value = member(place.fields, 'Credentials')
  if (place.language === 'JSONata' && typeof value === 'string') {
    const evaluate = compileJsonataTemplate(place, 'Credentials', value)
    return (environment) => evaluate(environment, { input: environment.input })
  }
  const fields = objectField(place, 'Credentials')
  if (!isObject(fields)) return undefined
  const inner = below(place, 'Credentials', fields)
  const given = has(inner, 'RoleArn') || (place.language === 'JSONPath' && has(inner, 'RoleArn.$'))
  if (!given) problem(inner, "The field 'RoleArn' is required but was missing")
  if (place.language === 'JSONata') {
    const evaluate = compileJsonataTemplate(place, 'Credentials', fields)
    return (environment) => evaluate(environment, { input: environment.input })
  }
  const read = compileTemplate(place, 'Credentials', fields)
  return (environment) => read(environment, environment.input)
}
