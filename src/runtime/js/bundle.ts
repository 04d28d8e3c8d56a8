import { readFile, realpath } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import { dirname, extname, relative, resolve, sep } from 'node:path'
import { parse } from 'acorn'
import type { BuildFailure, Plugin } from 'esbuild'
import { type CodeProblem, ResolverSyntaxError } from '../context.ts'
import { CODE_ERROR_MESSAGE } from './parse.ts'

export interface BundleOptions {
  /** The folder that no import leaves; packages in its `node_modules` may be imported. @default the file's folder */
  root?: string
}

/** A resolver's or function's code as one module. */
export interface Bundle {
  code: string
  /** Where a place of the code (lines and columns from 1) was written; undefined for what the bundler added. */
  originalPosition(line: number, column: number): { file: string; line: number; column: number } | undefined
}

/** What the runtime has itself. */
const RUNTIME_MODULES = /^@aws-appsync\/utils(\/|$)/

const SCRIPT_KINDS = new Set(['.ts', '.mts', '.cts', '.tsx', '.jsx'])

/**
 * Reads the code of a resolver or function from a file. Relative imports, packages and TypeScript are bundled into one
 * module with esbuild, which is loaded when first needed; `@aws-appsync/utils` and what is below it stay imports. A
 * script that imports nothing else is taken as it is, so that its positions are exact.
 *
 * @throws {ResolverSyntaxError} when it cannot be bundled; every problem names its file.
 */
export async function bundleCode(file: string, options: BundleOptions = {}): Promise<Bundle> {
  const path = await realpath(file)
  const root = await realpath(options.root ?? dirname(path))
  if (!isBelow(root, path)) throw refused(`${file} is outside of ${root}`)
  const code = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  if (!SCRIPT_KINDS.has(extname(path)) && !importsFiles(code)) {
    return { code, originalPosition: (line, column) => ({ file: path, line, column }) }
  }
  const { build } = await import('esbuild')
  try {
    const { outputFiles } = await build({
      absWorkingDir: root,
      bundle: true,
      charset: 'utf8',
      entryPoints: [path],
      format: 'esm',
      legalComments: 'none',
      logLevel: 'silent',
      outfile: 'code.js',
      platform: 'node',
      plugins: [staysBelow(root)],
      sourcemap: 'external',
      target: 'esnext',
      tsconfigRaw: {},
      write: false,
    })
    const [map, script] = [outputFiles.find(isMap), outputFiles.find((output) => !isMap(output))]
    return { code: script?.text ?? '', originalPosition: positions(map?.text, root) }
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    throw new ResolverSyntaxError(CODE_ERROR_MESSAGE, error.errors.map(problemOf))
  }
}

function isMap(output: { path: string }): boolean {
  return output.path.endsWith('.map')
}

/** Whether a script imports anything that the runtime has not. What does not parse is left to the compiler. */
function importsFiles(code: string): boolean {
  try {
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module' }).body.some(
      (statement) =>
        (statement.type === 'ImportDeclaration' ||
          statement.type === 'ExportNamedDeclaration' ||
          statement.type === 'ExportAllDeclaration') &&
        statement.source != null &&
        !RUNTIME_MODULES.test(String(statement.source.value)),
    )
  } catch {
    return false
  }
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(root, way) === path
}

/** Keeps the runtime's modules as imports and refuses every file outside of the root, links included. */
function staysBelow(root: string): Plugin {
  return {
    name: 'stays-below-root',
    setup(build) {
      build.onResolve({ filter: RUNTIME_MODULES }, ({ path }) => ({ path, external: true }))
      build.onLoad({ filter: /.*/ }, async ({ path }) => {
        const real = await realpath(path)
        return isBelow(root, real) ? undefined : { errors: [{ text: `${path} is outside of the project` }] }
      })
    },
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as { errors?: unknown }).errors)
}

function problemOf({ text, location }: BuildFailure['errors'][number]): CodeProblem {
  const place = location === null ? '' : `${location.file}:${location.line}:${location.column + 1}: `
  return {
    errorType: 'PARSE_ERROR',
    value: place + text,
    location: { line: location?.line ?? 1, column: (location?.column ?? 0) + 1, span: location?.length ?? 0 },
  }
}

function refused(value: string): ResolverSyntaxError {
  return new ResolverSyntaxError(CODE_ERROR_MESSAGE, [
    { errorType: 'PARSE_ERROR', value, location: { line: 1, column: 1, span: 0 } },
  ])
}

function positions(text: string | undefined, root: string): Bundle['originalPosition'] {
  let map: SourceMap | undefined
  return (line, column) => {
    if (text === undefined) return undefined
    map ??= new SourceMap(JSON.parse(text))
    const entry = map.findEntry(line - 1, column - 1)
    if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined
    return { file: resolve(root, entry.originalSource), line: entry.originalLine + 1, column: entry.originalColumn + 1 }
  }
}
