import { asText } from '../cloudformation/values.ts'
import { isObject, member, type PlainObject } from '../source/document.ts'
import type { SamResource } from './expand.ts'

/** Where each kind of source names its stream or queue. */
const MAPPED_SOURCES: Readonly<Record<string, string>> = { DynamoDB: 'Stream', Kinesis: 'Stream', SQS: 'Queue' }
/** APIs that SAM makes for events which name none. */
const IMPLICIT_APIS: Readonly<Record<string, { logicalId: string; type: string; names: string }>> = {
  Api: { logicalId: 'ServerlessRestApi', type: 'AWS::ApiGateway::RestApi', names: 'RestApiId' },
  HttpApi: { logicalId: 'ServerlessHttpApi', type: 'AWS::ApiGatewayV2::Api', names: 'ApiId' },
}
const RULES = ['EventBridgeRule', 'CloudWatchEvent', 'Schedule']

/** A function's or state machine's `Events`: those that run here become resources, others are said once. */
export function addEvents(resource: SamResource, target: PlainObject): void {
  const events = member(resource.properties, 'Events')
  if (!isObject(events)) return
  const { logicalId } = resource.declared
  for (const [name, event] of Object.entries(events)) {
    const at = ['Events', name]
    const type = asText(member(event, 'Type'))
    const given = member(event, 'Properties')
    const properties = isObject(given) ? given : {}
    if (type === undefined) {
      resource.report('error', at, `event ${name} has no Type`)
      continue
    }
    const source = Object.hasOwn(MAPPED_SOURCES, type) ? MAPPED_SOURCES[type] : undefined
    if (source !== undefined) {
      const { [source]: sourceArn, ...others } = properties
      resource.add({
        logicalId: `${logicalId}${name}`,
        type: 'AWS::Lambda::EventSourceMapping',
        properties: { ...others, EventSourceArn: sourceArn, FunctionName: { Ref: logicalId } },
        at: [...at, 'Properties'],
        written: { EventSourceArn: [source] },
      })
    } else if (RULES.includes(type)) {
      resource.add({
        logicalId: `${logicalId}${name}`,
        type: 'AWS::Events::Rule',
        properties: {
          Name: member(properties, 'Name') ?? member(properties, 'RuleName'),
          Description: member(properties, 'Description'),
          EventBusName: member(properties, 'EventBusName'),
          EventPattern: member(properties, 'Pattern'),
          ScheduleExpression: member(properties, 'Schedule'),
          State: member(properties, 'State'),
          Targets: [
            {
              Arn: target,
              Id: `${logicalId}${name}Target`,
              Input: member(properties, 'Input'),
              InputPath: member(properties, 'InputPath'),
            },
          ],
        },
        at: [...at, 'Properties'],
      })
    } else {
      const api = Object.hasOwn(IMPLICIT_APIS, type) ? IMPLICIT_APIS[type] : undefined
      if (
        api !== undefined &&
        member(properties, api.names) === undefined &&
        !resource.template.resources.has(api.logicalId)
      )
        resource.add({ logicalId: api.logicalId, type: api.type, properties: {}, at: [...at, 'Properties'] })
      const { unknownTypes } = resource.project
      const key = `event ${type} of ${resource.declared.type}`
      unknownTypes.set(key, (unknownTypes.get(key) ?? 0) + 1)
    }
  }
}
