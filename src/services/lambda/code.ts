import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { AwsError, messageOf } from '../../aws/errors.ts'
import type { LambdaFunction } from '../../resources.ts'
import { unzip } from './unzip.ts'

/** The bundle's own address, not this module's. */
const BUNDLE_URL = ['import', 'meta', 'url'].join('.')
const TYPESCRIPT = ['.ts', '.mts', '.cts', '.tsx']
/** Folder of what is made anew by every server. */
const BUNDLES = 'bundles'
/** Largest unzipped package (Lambda quotas: 250 MB). */
const MAX_CODE_BYTES = 262_144_000

/**
 * The folder that a function runs from: its own, the unpacked zip, or, for a TypeScript handler, a bundle of it.
 * @param workFolder Where unpacked and bundled code is put.
 */
export async function prepareCode(fn: LambdaFunction, workFolder: string): Promise<string> {
  if (!existsSync(fn.codePath))
    throw new AwsError(
      'ResourceNotFoundException',
      `The code of function ${fn.functionName} is not there: ${fn.codePath}`,
      {
        statusCode: 404,
      },
    )
  const path = realpathSync(fn.codePath)
  if (fn.projectRoot !== undefined) {
    const root = realpathSync(fn.projectRoot)
    if (path !== root && !path.startsWith(root + sep))
      throw new AwsError(
        'InvalidParameterValueException',
        `The code of function ${fn.functionName} lies outside of ${root}: ${path}`,
      )
  }
  const folder = statSync(path).isDirectory() ? path : unpack(readFileSync(path), workFolder)
  return fn.runtime.startsWith('nodejs') ? await bundleTypeScript(fn, folder, workFolder) : folder
}

/** Unpacks a deployment package into a folder of its own, named by content. */
export function unpack(zip: Uint8Array, workFolder: string): string {
  const folder = join(workFolder, `zip-${createHash('sha256').update(zip).digest('hex').slice(0, 32)}`)
  if (existsSync(folder)) return folder
  const partial = mkdtempSync(join(ensure(workFolder), 'unpacking-'))
  try {
    for (const entry of unzip(zip, MAX_CODE_BYTES)) {
      const target = resolve(partial, entry.name)
      if (!target.startsWith(partial + sep)) throw new Error(`the entry ${entry.name} leaves the folder`)
      if (entry.name.endsWith('/')) continue
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, entry.content(), { mode: entry.executable ? 0o755 : 0o644 })
    }
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true })
    throw new AwsError('InvalidParameterValueException', `Could not unzip uploaded file: ${messageOf(cause)}`, {
      cause,
    })
  }
  renameSync(partial, folder)
  return folder
}

async function bundleTypeScript(fn: LambdaFunction, folder: string, workFolder: string): Promise<string> {
  const dot = fn.handler.lastIndexOf('.')
  const stem = resolve(folder, fn.handler.slice(0, dot))
  if (!stem.startsWith(folder + sep)) return folder
  if (['.js', '.mjs', '.cjs'].some((extension) => existsSync(stem + extension))) return folder
  const source = TYPESCRIPT.map((extension) => stem + extension).find((path) => existsSync(path))
  if (source === undefined) return folder
  const { build } = await import('esbuild')
  const out = mkdtempSync(join(ensure(join(workFolder, BUNDLES)), 'bundle-'))
  try {
    await build({
      entryPoints: [source],
      outfile: join(out, `${relative(folder, stem)}.mjs`),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      sourcemap: 'inline',
      external: ['@aws-sdk/*', '@smithy/*'],
      banner: {
        js: `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(${BUNDLE_URL});`,
      },
      logLevel: 'silent',
      absWorkingDir: folder,
    })
  } catch (cause) {
    throw new AwsError('InvalidParameterValueException', `Function ${fn.functionName}: ${messageOf(cause)}`, { cause })
  }
  return out
}

function ensure(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Removes what a server before, or this one, bundled. */
export function removeBundles(workFolder: string): void {
  rmSync(join(workFolder, BUNDLES), { recursive: true, force: true })
}

/** A folder for unpacked code when there is no data folder. */
export function temporaryWorkFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sidestage-lambda-'))
}
