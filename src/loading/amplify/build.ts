import { join } from 'node:path'
import { openTemplate } from '../cloudformation/openTemplate.ts'
import { createStack, type Stack } from '../cloudformation/stack.ts'
import { asText } from '../cloudformation/values.ts'
import type { ProjectContext } from '../projectContext.ts'
import { emptyObject, isObject, member } from '../source/document.ts'
import { openDocument } from '../source/open.ts'

/** Parameters that the Amplify CLI gives when it pushes, and that its build folder does not have. */
const GIVEN: Readonly<Record<string, string>> = {
  S3DeploymentBucket: 'amplify-deployment',
  S3DeploymentRootKey: 'amplify-root',
  env: 'dev',
  AppSyncApiName: 'amplify',
  CreateAPIKey: '1',
  authRoleName: 'authRole',
  unauthRoleName: 'unauthRole',
}

/**
 * Opens the stack of an Amplify build folder (`amplify/backend/api/NAME/build`): its templates point to resolvers,
 * functions and nested stacks by a deployment bucket, whose files are the folder's own.
 */
export function loadAmplify(project: ProjectContext, folder: string): Stack[] {
  const { files } = project
  project.assets.push((_bucket, key) => {
    const rest = key.split('/')
    // Below the root key; a key may also begin at the folder itself.
    for (let start = 0; start < rest.length; start += 1) {
      const path = files.resolveFrom(folder, rest.slice(start).join('/'))
      if (files.kindOf(path) !== undefined) return path
    }
    return undefined
  })
  const template = openTemplate(project, join(folder, 'cloudformation-template.json'))
  if (template === undefined) return []
  const written =
    files.kindOf(join(folder, 'parameters.json')) === 'file'
      ? openDocument(project, join(folder, 'parameters.json'))?.value
      : undefined
  const given = emptyObject()
  for (const name of Object.keys(template.parameters)) {
    const value = project.parameters.get(name) ?? member(written, name)
    const text = asText(value)
    if (text !== undefined) given[name] = text
    else if (isObject(value) && Array.isArray(value['Fn::GetAtt']))
      given[name] =
        project.parameters.get(value['Fn::GetAtt'].join('.')) ?? `unresolved:${value['Fn::GetAtt'].join('.')}`
    else if (member(member(template.parameters, name), 'Default') === undefined && Object.hasOwn(GIVEN, name))
      given[name] = GIVEN[name]
  }
  return [createStack({ name: 'amplify', template, project, given: new Map(Object.entries(given)) })]
}
