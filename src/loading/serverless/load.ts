import { parseEnv } from 'node:util'
import { createStack, type Stack } from '../cloudformation/stack.ts'
import { readTemplate } from '../cloudformation/template.ts'
import type { ProjectContext } from '../projectContext.ts'
import { ProjectFileError } from '../projectFiles.ts'
import { expandSam } from '../sam/expand.ts'
import { isObject, member, objectOf, type Path, type SourceDocument } from '../source/document.ts'
import { addAppSync } from './appsync.ts'
import { addFunctions } from './functions.ts'
import { createService, type Service } from './service.ts'
import { addStateMachines } from './stepFunctions.ts'
import { createVariables } from './variables.ts'

/** Turns a `serverless.yml` into the one stack that the framework and its plugins would deploy. */
export async function loadServerless(
  project: ProjectContext,
  document: SourceDocument,
  options: Readonly<Record<string, string>>,
): Promise<Stack[]> {
  const env =
    member(document.value, 'useDotenv') === true ? { ...readDotenv(project, options), ...project.env } : project.env
  const config = createVariables({ ...project, env }, document, options).resolve(document.value, [])
  const service = createService(project, document, config, options)
  addFunctions(service)
  addStateMachines(service)
  await addAppSync(service)
  addResources(service)
  expandSam(service.template, project)
  return [createStack({ name: `${service.name}-${service.stage}`, template: service.template, project })]
}

/** `.env` and `.env.STAGE`, which `useDotenv: true` puts beneath the environment. */
function readDotenv(project: ProjectContext, options: Readonly<Record<string, string>>): Record<string, string> {
  const { files } = project
  const made: Record<string, string> = {}
  for (const name of ['.env', `.env.${options['stage'] ?? 'dev'}`]) {
    try {
      const path = files.resolveFrom(files.root, name)
      if (files.kindOf(path) === 'file') Object.assign(made, parseEnv(files.readText(path)))
    } catch (error) {
      if (!(error instanceof ProjectFileError)) throw error
    }
  }
  return made
}

/** `resources:`, one mapping or a list of them, in CloudFormation's own form. */
function addResources(service: Service): void {
  const { config, document, template, project } = service
  const resources = member(config, 'resources')
  const parts: [unknown, Path][] = Array.isArray(resources)
    ? resources.map((part, index) => [part, ['resources', index]])
    : [[resources, ['resources']]]
  for (const [part, at] of parts) {
    if (!isObject(part)) continue
    const { extensions: _, ...sections } = part
    // A list may hold resources themselves, as files often do.
    const value =
      member(part, 'Resources') === undefined &&
      member(part, 'Outputs') === undefined &&
      Object.values(part).some((one) => member(one, 'Type') !== undefined)
        ? { Resources: part }
        : sections
    const shifted: SourceDocument = {
      ...document,
      value: objectOf(Object.entries(value)),
      locate: (path) => document.locate([...at, ...path]),
      locateKey: (path) => document.locateKey([...at, ...path]),
    }
    const read = readTemplate(shifted, project.files.root, project.problems)
    for (const [logicalId, resource] of read.resources) {
      const made = template.resources.get(logicalId)
      // What the service made is adjusted, not replaced: Serverless merges `resources` over it.
      template.resources.set(
        logicalId,
        made === undefined
          ? resource
          : {
              ...made,
              properties: objectOf([...Object.entries(made.properties), ...Object.entries(resource.properties)]),
            },
      )
    }
    for (const section of ['parameters', 'mappings', 'conditions', 'outputs'] as const) {
      for (const [name, value] of Object.entries(read[section])) template[section][name] = value
    }
  }
}
