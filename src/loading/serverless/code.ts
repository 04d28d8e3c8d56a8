import { extname } from 'node:path'
import { messageOf } from '../../aws/errors.ts'
import { asText } from '../cloudformation/values.ts'
import { isInside, ProjectFileError } from '../projectFiles.ts'
import { isObject, type Path, type PlainObject } from '../source/document.ts'
import type { Service } from './service.ts'

/** A text for a property of a template, with the file that it was read from. */
export interface ReadStep {
  value: unknown
  file: string
}

/** Reads a text that serverless.yml names; undefined when it cannot be, which is reported. */
export function readStep(service: Service, name: string, at: Path): ReadStep | undefined {
  const { files } = service.project
  try {
    const path = files.resolveFrom(files.root, name)
    return { value: files.readText(path), file: files.display(path) }
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error
    service.report('error', at, `${error.file} ${error.message}`, 'paths are relative to serverless.yml', true)
    return undefined
  }
}

/** Reads APPSYNC_JS code; what imports files of its own or is TypeScript is bundled, as the plugin does it. */
export async function readCode(service: Service, name: string, at: Path): Promise<ReadStep | undefined> {
  const read = readStep(service, name, at)
  const text = asText(read?.value)
  if (read === undefined || text === undefined) return read
  const isScript = ['.ts', '.mts', '.cts'].includes(extname(name))
  if (!isScript && !/from\s*['"]\.{1,2}\//.test(text) && !/import\s*['"]\.{1,2}\//.test(text)) return read
  const { files } = service.project
  const path = files.resolveFrom(files.root, name)
  const { build } = await import('esbuild')
  try {
    const result = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'esnext',
      treeShaking: true,
      external: ['@aws-appsync/utils', '@aws-appsync/utils/*'],
      logLevel: 'silent',
      absWorkingDir: files.root,
    })
    for (const input of Object.keys(result.metafile.inputs)) {
      const used = files.resolveFrom(files.root, input)
      if (!isInside(used, files.boundary)) throw new Error(`${input} is outside of the project`)
      files.use(used)
    }
    return { value: result.outputFiles[0]?.text ?? '', file: read.file }
  } catch (error) {
    service.report('error', at, `${read.file} cannot be bundled: ${messageOf(error).split('\n').slice(0, 2).join(' ')}`)
    return undefined
  }
}

/** Puts values in the place of `${NAME}` (mapping templates) or `#NAME#` (code), as the plugin does when it deploys. */
export function substitute(text: string, values: PlainObject, style: 'template' | 'code'): unknown {
  const names = Object.keys(values)
  if (names.length === 0) return text
  const [before, after] = style === 'template' ? ['${', '}'] : ['#', '#']
  const parts: unknown[] = []
  let start = 0
  let at = 0
  for (;;) {
    const open = text.indexOf(before, at)
    if (open === -1) break
    const name = names.find((one) => text.startsWith(one + after, open + before.length))
    if (name === undefined) {
      at = open + before.length
      continue
    }
    parts.push(text.slice(start, open), values[name])
    start = open + before.length + name.length + after.length
    at = start
  }
  if (parts.length === 0) return text
  parts.push(text.slice(start))
  return { 'Fn::Join': ['', parts] }
}

/** The service's and the resolver's own substitutions; CloudFormation functions are values too. */
export function substitutionsOf(...levels: unknown[]): PlainObject {
  return Object.assign(Object.create(null) as PlainObject, ...levels.filter(isObject)) as PlainObject
}
