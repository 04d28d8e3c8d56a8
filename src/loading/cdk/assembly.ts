import { join } from 'node:path'
import { openTemplate } from '../cloudformation/openTemplate.ts'
import { createStack, type Stack } from '../cloudformation/stack.ts'
import { asText } from '../cloudformation/values.ts'
import type { ProjectContext } from '../projectContext.ts'
import { isObject, member } from '../source/document.ts'
import { openDocument } from '../source/open.ts'

/** Assemblies inside assemblies (stages). */
const MAX_DEPTH = 10

/** Opens the stacks of a CDK assembly: those of its manifest, or every template that is not nested in another. */
export function loadAssembly(project: ProjectContext, folder: string, depth = 0): Stack[] {
  const { files } = project
  noteAssets(project, folder)
  const stacks: Stack[] = []
  const open = (file: string, name: string): void => {
    const template = openTemplate(project, files.resolveFrom(folder, file))
    if (template !== undefined) stacks.push(createStack({ name, template, project }))
  }
  const manifest =
    files.kindOf(join(folder, 'manifest.json')) === 'file'
      ? openDocument(project, join(folder, 'manifest.json'))
      : undefined
  const artifacts = member(manifest?.value, 'artifacts')
  if (!isObject(artifacts)) {
    for (const name of files.list(folder)) {
      if (name.endsWith('.template.json') && !name.endsWith('.nested.template.json'))
        open(name, name.slice(0, -'.template.json'.length))
    }
    return stacks
  }
  for (const [id, artifact] of Object.entries(artifacts)) {
    const type = asText(member(artifact, 'type'))
    const properties = member(artifact, 'properties')
    if (type === 'aws:cloudformation:stack') {
      const file = asText(member(properties, 'templateFile'))
      if (file !== undefined) open(file, asText(member(properties, 'stackName')) ?? id)
    } else if (type === 'cdk:cloud-assembly' && depth < MAX_DEPTH) {
      const name = asText(member(properties, 'directoryName'))
      if (name !== undefined) stacks.push(...loadAssembly(project, files.resolveFrom(folder, name), depth + 1))
    }
  }
  return stacks
}

/** Reads which files the assets of an assembly are, by the name that they have in S3. */
function noteAssets(project: ProjectContext, folder: string): void {
  const { files } = project
  const paths = new Map<string, string>()
  for (const name of files.list(folder)) {
    if (!name.endsWith('.assets.json')) continue
    const assets = member(openDocument(project, join(folder, name))?.value, 'files')
    if (!isObject(assets)) continue
    for (const asset of Object.values(assets)) {
      const source = asText(member(member(asset, 'source'), 'path'))
      const destinations = member(asset, 'destinations')
      if (source === undefined || !isObject(destinations)) continue
      for (const destination of Object.values(destinations)) {
        const key = asText(member(destination, 'objectKey'))
        if (key !== undefined) paths.set(key, source)
      }
    }
  }
  project.assets.push((_bucket, key) => {
    const path = paths.get(key)
    return path === undefined ? undefined : files.resolveFrom(folder, path)
  })
}
