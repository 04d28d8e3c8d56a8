import { ProjectFileError } from '../../projectFiles.ts'
import { localPathOf } from '../location.ts'
import { openTemplate } from '../openTemplate.ts'
import { createStack, type ResourceView, type Stack } from '../stack.ts'
import { asObject, asTags } from '../values.ts'
import type { TypeHandlers } from './handler.ts'

/** Stacks inside stacks inside stacks. */
const MAX_NESTING = 20
const depths = new WeakMap<Stack, number>()

/** The nested stack of a resource, made when it is first asked for (its outputs may be, before it is loaded). */
export function nestedStackOf(resource: ResourceView): Stack | undefined {
  const { stack } = resource
  const known = stack.nested.get(resource.logicalId)
  if (known !== undefined) return known
  const { project } = stack
  const depth = (depths.get(stack) ?? 0) + 1
  if (depth > MAX_NESTING) {
    resource.report('error', [], `stacks are nested more than ${MAX_NESTING} levels deep`)
    return undefined
  }
  const property = resource.type === 'AWS::Serverless::Application' ? 'Location' : 'TemplateURL'
  const location = resource.text(property)
  if (location === undefined) {
    resource.report(
      asObject(resource.get(property)) === undefined ? 'error' : 'warning',
      [property],
      asObject(resource.get(property)) === undefined
        ? `${property} is required`
        : 'an application of the Serverless Application Repository is not loaded here',
    )
    return undefined
  }
  try {
    const path = localPathOf(project, resource.declared.folder, location)
    if (project.files.kindOf(path) === undefined)
      throw new ProjectFileError('MISSING', project.files.display(path), 'does not exist')
    const template = openTemplate(project, path)
    if (template === undefined) return undefined
    const given = new Map(Object.entries(asObject(resource.get('Parameters')) ?? {}))
    const nested = createStack({
      name: `${stack.name}-${resource.logicalId}`,
      template,
      project,
      given,
      parentName: stack.name,
    })
    depths.set(nested, depth)
    stack.nested.set(resource.logicalId, nested)
    return nested
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error
    resource.report('error', [property], `${error.file} ${error.message}`)
    return undefined
  }
}

const nestedStack = {
  ref: (resource: ResourceView) => nestedStackOf(resource)?.arn ?? `unresolved:${resource.logicalId}`,
  attributes: {},
  attribute(resource: ResourceView, name: string, place: Parameters<Stack['output']>[1]): unknown {
    if (!name.startsWith('Outputs.')) return undefined
    const nested = nestedStackOf(resource)
    return nested === undefined
      ? `unresolved:${resource.logicalId}.${name}`
      : nested.output(name.slice('Outputs.'.length), place)
  },
  // Its resources are loaded by the one who loads stacks.
  load: (resource: ResourceView): void => {
    asTags(resource.get('Tags'))
  },
}

export const nestedStackTypes: TypeHandlers = {
  'AWS::CloudFormation::Stack': nestedStack,
  'AWS::Serverless::Application': nestedStack,
}
