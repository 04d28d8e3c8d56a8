import { formatArn } from '../../../aws/arn.ts'
import type { StateMachine, StateMachineAlias, StateMachineVersion } from '../../../resources.ts'
import { didYouMean } from '../../nearestName.ts'
import { DocumentSyntaxError, isObject, plain } from '../../source/document.ts'
import { parseYaml } from '../../source/yaml.ts'
import { stableId } from '../../stableId.ts'
import { readLocated } from '../location.ts'
import type { ResourceView } from '../stack.ts'
import { asList, asNumber, asObject, asTags, asText } from '../values.ts'
import type { TypeHandlers } from './handler.ts'

const STATE_MACHINE_PROPERTIES = [
  'Definition',
  'DefinitionS3Location',
  'DefinitionString',
  'DefinitionSubstitutions',
  'EncryptionConfiguration',
  'LoggingConfiguration',
  'RoleArn',
  'StateMachineName',
  'StateMachineType',
  'Tags',
  'TracingConfiguration',
]

const MAX_NAME = 80

const nameOf = (resource: ResourceView): string => resource.physicalName('StateMachineName', MAX_NAME)
const arnOf = (resource: ResourceView): string =>
  formatArn({ service: 'states', ...resource.stack.scope, resource: `stateMachine:${nameOf(resource)}` })
const activityArn = (resource: ResourceView): string =>
  formatArn({ service: 'states', ...resource.stack.scope, resource: `activity:${resource.text('Name') ?? ''}` })

/** Numbers of the versions of one state machine, by order of declaration. */
function versionOf(resource: ResourceView): number {
  const machine = resource.text('StateMachineArn')
  let number = 0
  for (const other of resource.stack.resources.values()) {
    if (other.type !== 'AWS::StepFunctions::StateMachineVersion' || other.text('StateMachineArn') !== machine) continue
    number += 1
    if (other === resource) break
  }
  return number
}

const versionArn = (resource: ResourceView): string =>
  `${resource.text('StateMachineArn') ?? ''}:${versionOf(resource)}`

/** CloudFormation writes configuration members in PascalCase, the API in camelCase. */
function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel)
  if (!isObject(value)) return plain(value)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.charAt(0).toLowerCase() + key.slice(1), camel(item)]),
  )
}

/** The definition as JSON text, its `${substitutions}` made; undefined (and reported) when there is none. */
function definitionOf(resource: ResourceView): { definition: string; sourceFile: string } | undefined {
  const inline = resource.get('Definition')
  const text = resource.text('DefinitionString')
  const located = resource.get('DefinitionS3Location')
  const ownFile = resource.declared.document.file
  if (inline !== undefined)
    return { definition: substituted(resource, JSON.stringify(plain(inline))), sourceFile: ownFile }
  if (text !== undefined) return { definition: substituted(resource, text), sourceFile: ownFile }
  if (located === undefined) {
    resource.report('error', [], 'a state machine needs Definition, DefinitionString or DefinitionS3Location')
    return undefined
  }
  const members = asObject(located)
  const location =
    members === undefined
      ? (asText(located) ?? '')
      : `s3://${asText(members['Bucket']) ?? ''}/${asText(members['Key']) ?? ''}`
  const read = readLocated(resource, 'DefinitionS3Location', location)
  if (read === undefined) return undefined
  const definition = substituted(resource, read.text)
  if (/^\s*\{/.test(definition)) return { definition, sourceFile: read.file }
  try {
    const { value } = parseYaml(definition, read.file, '')
    return { definition: JSON.stringify(plain(value), null, 2), sourceFile: read.file }
  } catch (error) {
    if (!(error instanceof DocumentSyntaxError)) throw error
    resource.stack.project.problems.add({
      severity: 'error',
      file: read.file,
      ...error.position,
      message: error.message,
      partial: true,
    })
    return undefined
  }
}

/** Replaces `${Name}` for every name of DefinitionSubstitutions; other `${…}` are the definition's own. */
function substituted(resource: ResourceView, text: string): string {
  const substitutions = asObject(resource.get('DefinitionSubstitutions'))
  if (substitutions === undefined) return text
  let made = ''
  let at = 0
  for (;;) {
    const open = text.indexOf('${', at)
    const close = open === -1 ? -1 : text.indexOf('}', open)
    if (close === -1) return made + text.slice(at)
    const name = text.slice(open + 2, close)
    const value = Object.hasOwn(substitutions, name) ? substitutions[name] : undefined
    if (value === undefined) {
      made += text.slice(at, open + 2)
      at = open + 2
    } else {
      // The value goes into JSON text: a number in place of "${N}" keeps its quotes, as on AWS.
      made += text.slice(at, open) + (asText(value) ?? JSON.stringify(plain(value)))
      at = close + 1
    }
  }
}

export const stepFunctionsTypes: TypeHandlers = {
  'AWS::StepFunctions::StateMachine': {
    ref: arnOf,
    attributes: {
      Arn: arnOf,
      Name: nameOf,
      StateMachineRevisionId: () => 'INITIAL',
    },
    load(resource) {
      const { project } = resource.stack
      for (const property of Object.keys(resource.declared.properties)) {
        if (!STATE_MACHINE_PROPERTIES.includes(property))
          resource.report(
            'error',
            [property],
            `Encountered unsupported property ${property}`,
            didYouMean(property, STATE_MACHINE_PROPERTIES).hint,
          )
      }
      const read = definitionOf(resource)
      if (read === undefined) return
      const type = resource.text('StateMachineType') ?? 'STANDARD'
      if (type !== 'STANDARD' && type !== 'EXPRESS') {
        resource.report('error', ['StateMachineType'], `StateMachineType must be STANDARD or EXPRESS, not ${type}`)
        return
      }
      const logging = resource.get('LoggingConfiguration')
      const tracing = resource.get('TracingConfiguration')
      const encryption = resource.get('EncryptionConfiguration')
      const tags = asTags(resource.get('Tags'))
      const machine: StateMachine = {
        arn: arnOf(resource),
        name: nameOf(resource),
        definition: read.definition,
        roleArn: resource.text('RoleArn') ?? '',
        type,
        creationDate: project.now,
        revisionId: stableId(36, read.definition, resource.text('RoleArn') ?? ''),
        status: 'ACTIVE',
        ...(logging === undefined ? {} : { loggingConfiguration: camel(logging) as Record<string, unknown> }),
        ...(tracing === undefined ? {} : { tracingConfiguration: camel(tracing) as Record<string, unknown> }),
        ...(encryption === undefined ? {} : { encryptionConfiguration: camel(encryption) as Record<string, unknown> }),
        ...(tags === undefined ? {} : { tags }),
        sourceFile: read.sourceFile,
      }
      if (resource.text('RoleArn') === undefined) resource.report('error', [], 'RoleArn is required')
      project.add('AWS::StepFunctions::StateMachine', machine, (message) => resource.report('error', [], message))
    },
  },

  'AWS::StepFunctions::StateMachineVersion': {
    ref: versionArn,
    attributes: { Arn: versionArn },
    load(resource) {
      const { project } = resource.stack
      project.afterwards.push(() => {
        const machine = project.find('AWS::StepFunctions::StateMachine', resource.text('StateMachineArn') ?? '')
        if (machine === undefined) {
          resource.report(
            'error',
            ['StateMachineArn'],
            `no state machine has the ARN ${resource.text('StateMachineArn') ?? ''}`,
          )
          return
        }
        const description = resource.text('Description')
        const version: StateMachineVersion = {
          arn: versionArn(resource),
          stateMachineArn: machine.arn,
          version: versionOf(resource),
          definition: machine.definition,
          roleArn: machine.roleArn,
          type: machine.type,
          ...(machine.revisionId === undefined ? {} : { revisionId: machine.revisionId }),
          ...(description === undefined ? {} : { description }),
          creationDate: project.now,
          ...(machine.loggingConfiguration === undefined ? {} : { loggingConfiguration: machine.loggingConfiguration }),
          ...(machine.tracingConfiguration === undefined ? {} : { tracingConfiguration: machine.tracingConfiguration }),
          ...(machine.encryptionConfiguration === undefined
            ? {}
            : { encryptionConfiguration: machine.encryptionConfiguration }),
        }
        project.add('AWS::StepFunctions::StateMachineVersion', version, (message) =>
          resource.report('error', [], message),
        )
      })
    },
  },

  'AWS::StepFunctions::StateMachineAlias': {
    ref: (resource) => aliasArn(resource),
    attributes: { Arn: (resource) => aliasArn(resource) },
    load(resource) {
      const { project } = resource.stack
      const routes = routesOf(resource)
      if (routes.length === 0) {
        resource.report('error', [], 'an alias needs RoutingConfiguration or DeploymentPreference')
        return
      }
      const description = resource.text('Description')
      const alias: StateMachineAlias = {
        arn: aliasArn(resource),
        stateMachineArn: machineOf(routes[0]?.stateMachineVersionArn ?? ''),
        name: resource.physicalName('Name', MAX_NAME),
        ...(description === undefined ? {} : { description }),
        routingConfiguration: routes,
        creationDate: project.now,
        updateDate: project.now,
      }
      project.add('AWS::StepFunctions::StateMachineAlias', alias, (message) => resource.report('error', [], message))
    },
  },

  'AWS::StepFunctions::Activity': {
    ref: activityArn,
    attributes: { Arn: activityArn, Name: (resource) => resource.text('Name') },
    load(resource) {
      const name = resource.text('Name')
      if (name === undefined) {
        resource.report('error', [], 'an activity needs Name')
        return
      }
      const tags = asTags(resource.get('Tags'))
      resource.stack.project.add(
        'AWS::StepFunctions::Activity',
        {
          arn: activityArn(resource),
          name,
          creationDate: resource.stack.project.now,
          ...(tags === undefined ? {} : { tags }),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },
}

function routesOf(resource: ResourceView): { stateMachineVersionArn: string; weight: number }[] {
  const preference = asText(asObject(resource.get('DeploymentPreference'))?.['StateMachineVersionArn'])
  if (preference !== undefined) return [{ stateMachineVersionArn: preference, weight: 100 }]
  return asList(resource.get('RoutingConfiguration')).flatMap((route) => {
    const arn = asText(asObject(route)?.['StateMachineVersionArn'])
    const weight = asNumber(asObject(route)?.['Weight'])
    return arn === undefined ? [] : [{ stateMachineVersionArn: arn, weight: weight ?? 100 }]
  })
}

function machineOf(version: string): string {
  return version.slice(0, version.lastIndexOf(':'))
}

function aliasArn(resource: ResourceView): string {
  return `${machineOf(routesOf(resource)[0]?.stateMachineVersionArn ?? ':')}:${resource.physicalName('Name', MAX_NAME)}`
}
