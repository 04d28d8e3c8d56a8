/**
 * `npm run build`: bundles src/ into dist/ (one file per entry and what they share, so that the server starts in a third
 * of the time), copies what is no TypeScript, and writes the types. `--if-stale` bundles only when a source is newer
 * than dist/, and writes no types: what `npm start` does.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, globSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const SRC = join(ROOT, 'src')
const DIST = join(ROOT, 'dist')
const STAMP = join(DIST, '.built')

/** Files that something loads by its name at run time: the command, the package's exports, and workers. */
const ENTRIES = [
  'cli.ts',
  'index.ts',
  'testing.ts',
  'runtime/emit/worker/main.ts',
  'runtime/js/unit.ts',
  'runtime/vtl/unit.ts',
  'stepfunctions/jsonata/worker.ts',
  'storage/groupCommitWorker.ts',
]
/** Loaded when first needed, and large; functions find the SDK in node_modules as in AWS's runtimes. */
const EXTERNAL = ['@aws-sdk/*', '@smithy/*', 'chokidar', 'esbuild', 'libphonenumber-js', 'libphonenumber-js/*']
const ASSETS = '**/*.{json,mjs,py,md,html,css,svg,js}'

if (process.argv.includes('--if-stale') && !isStale()) process.exit(0)
await bundle()
if (!process.argv.includes('--if-stale')) {
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' })
  console.log('built dist/')
}

function isStale(): boolean {
  if (!existsSync(STAMP)) return true
  const built = statSync(STAMP).mtimeMs
  const inputs = [
    ...globSync('**/*', { cwd: SRC }).map((path) => join(SRC, path)),
    join(ROOT, 'package-lock.json'),
    import.meta.filename,
  ]
  return inputs.some((path) => statSync(path).mtimeMs > built)
}

async function bundle(): Promise<void> {
  const started = new Date()
  const { build } = await import('esbuild')
  rmSync(DIST, { recursive: true, force: true })
  await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((entry) => join(SRC, entry)).filter((entry) => existsSync(entry)),
    outbase: SRC,
    outdir: DIST,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    keepNames: true,
    legalComments: 'linked',
    logLevel: 'warning',
    external: EXTERNAL,
    // Packages in CommonJS call require for Node's own modules.
    banner: {
      js: "import { createRequire as __makeRequire } from 'node:module'; const require = __makeRequire(import.meta.url);",
    },
    plugins: [
      {
        name: 'paths of modules',
        setup({ onLoad }) {
          onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
            const place = relative(SRC, path).replace(/\.ts$/, '.js')
            const contents = (await readFile(path, 'utf8'))
              .replaceAll('import.meta.filename', JSON.stringify(`dist/${place}`))
              // A module's code may end in any file of dist/: its own address is made from the folder's.
              .replaceAll(
                /import\.meta\.url(?!\.slice)/g,
                `(import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + 6) + ${JSON.stringify(place)})`,
              )
            return { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  for (const path of globSync(ASSETS, { cwd: SRC })) cpSync(join(SRC, path), join(DIST, path))
  chmodSync(join(DIST, 'cli.js'), 0o755)
  writeFileSync(STAMP, '')
  utimesSync(STAMP, started, started)
}
