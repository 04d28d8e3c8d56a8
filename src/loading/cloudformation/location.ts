import { dirname, join } from 'node:path'
import type { ProjectContext } from '../projectContext.ts'
import { ProjectFileError } from '../projectFiles.ts'
import type { ResourceView } from './stack.ts'

/**
 * The local file or folder that a location of a template means: a path relative to the template
 * (`aws cloudformation package` and SAM write those), or an object in S3 that the project has on disk.
 * Throws `ProjectFileError` when it is nowhere.
 */
export function localPathOf(project: ProjectContext, folder: string, location: string): string {
  const object = s3ObjectOf(location)
  if (object === undefined) return project.files.resolveFrom(folder, location)
  return localPathOfObject(project, folder, object.bucket, object.key, location)
}

export function localPathOfObject(
  project: ProjectContext,
  folder: string,
  bucket: string | undefined,
  key: string,
  shown = `s3://${bucket ?? ''}/${key}`,
): string {
  for (const locate of project.assets) {
    const path = locate(bucket, key)
    if (path !== undefined && project.files.kindOf(path) !== undefined) return path
  }
  const fileName = key.split('/').at(-1) ?? key
  const stem = fileName.includes('.') ? fileName.slice(0, fileName.lastIndexOf('.')) : fileName
  for (const candidate of [`asset.${fileName}`, `asset.${stem}`, fileName]) {
    const path = project.files.resolveFrom(folder, candidate)
    if (project.files.kindOf(path) !== undefined) return path
  }
  throw new ProjectFileError('MISSING', shown, `is not on this disk (looked for asset.${fileName} beside the template)`)
}

/** Bucket and key of `s3://…` and of the HTTPS forms; undefined when it is no address of S3. */
export function s3ObjectOf(location: string): { bucket: string | undefined; key: string } | undefined {
  const simple = /^s3:\/\/([^/]*)\/(.+)$/.exec(location)
  if (simple !== null) return { bucket: simple[1], key: simple[2] ?? '' }
  if (!/^https?:\/\//.test(location)) return undefined
  const url = URL.parse(location)
  if (url === null) return { bucket: undefined, key: location }
  const path = decodeURIComponent(url.pathname.slice(1))
  const virtualHost = /^(.+)\.s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?$/.exec(url.hostname)
  if (virtualHost !== null) return { bucket: virtualHost[1], key: path }
  const slash = path.indexOf('/')
  return slash === -1 ? { bucket: undefined, key: path } : { bucket: path.slice(0, slash), key: path.slice(slash + 1) }
}

/** A text that a property gives by its location; problems are reported at the property. */
export function readLocated(
  resource: ResourceView,
  property: string,
  location: string,
  needed: 'by the API' | 'by this resource' = 'by this resource',
): { text: string; file: string } | undefined {
  const { project } = resource.stack
  try {
    const path = localPathOf(project, resource.declared.folder, location)
    return { text: project.files.readText(path), file: project.files.display(path) }
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error
    const message = `${error.file} ${error.message}`
    if (needed === 'by this resource') resource.reportPartial([property], message, hintFor(error, project))
    else resource.report('error', [property], message, hintFor(error, project))
    return undefined
  }
}

function hintFor(error: ProjectFileError, project: ProjectContext): string | undefined {
  if (error.code !== 'MISSING') return undefined
  const folder = project.files.display(dirname(join(project.files.root, error.file)))
  return error.file.startsWith('s3:') ? undefined : `paths are relative to the template; ${folder} was searched`
}
