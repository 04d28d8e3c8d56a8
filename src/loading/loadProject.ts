import { randomBytes } from 'node:crypto'
import { basename, join } from 'node:path'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from '../aws/arn.ts'
import { checkReferences } from './checkReferences.ts'
import { reportCircles } from './cloudformation/circles.ts'
import { createStack, type Stack, StackTooLargeError } from './cloudformation/stack.ts'
import { readTemplate } from './cloudformation/template.ts'
import { typeHandler } from './cloudformation/types/index.ts'
import { findProject, type ProjectFormat } from './findProject.ts'
import { createProblemList, type Problem } from './problem.ts'
import { createProjectContext, type LoadedResource, type ProjectContext } from './projectContext.ts'
import { createProjectFiles, ProjectFileError } from './projectFiles.ts'
import { expandSam } from './sam/expand.ts'
import { NO_SETTINGS, readSettings, SETTINGS_FILES, type Settings } from './settings.ts'
import type { Path } from './source/document.ts'

export interface LoadProjectOptions {
  /** @default '000000000000' */
  accountId?: string
  /** @default 'us-east-1' */
  region?: string
  /** Where this server is reached; APIs' URLs begin with it. */
  baseUrl: string
  /** For `${env:…}`. @default nothing */
  env?: Readonly<Record<string, string | undefined>>
  /** Template parameters that the command gives: they go before those of sidestage.yaml. */
  parameters?: Readonly<Record<string, string>>
  /** For `${opt:…}` of serverless.yml, for example `stage`. */
  options?: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. @default now */
  now?: number
  /** Keeps generated API keys and client secrets the same from start to start. @default random */
  seed?: Uint8Array
  /** Folder for code that the project has only as text (inline handlers). @default a temporary folder, when needed */
  workFolder?: string
}

export interface LoadedProject {
  /** Absolute folder. */
  folder: string
  format: ProjectFormat['format'] | 'empty'
  /** In the order of the project. */
  resources: readonly LoadedResource[]
  problems: readonly Problem[]
  /** Whether a problem of severity `error` is among them. */
  hasErrors: boolean
  /** Whether an error keeps the project from being served as it is; missing files of single parts do not. */
  cannotServe: boolean
  /** Absolute paths of the files and folders that were read or are used: what to watch. */
  files: readonly string[]
  settings: Settings
  /** Outputs of the project's stacks, by name. */
  outputs: ReadonlyMap<string, unknown>
  /** Resource types that are kept but mean nothing here, with how often they occur. */
  unknownTypes: ReadonlyMap<string, number>
  /** Where a resource (or one of its properties) is declared. */
  locate(arn: string, ...path: Path): { file: string; line: number; column: number } | undefined
}

/**
 * Reads the project in a folder: every resource that it deploys, every problem at once. Never throws for what is
 * wrong in the files; a folder without a project is an empty account.
 */
export async function loadProject(folder: string, options: LoadProjectOptions): Promise<LoadedProject> {
  const files = createProjectFiles(folder)
  const problems = createProblemList()
  let settings = NO_SETTINGS
  for (const name of SETTINGS_FILES) {
    if (files.kindOf(join(files.root, name)) !== 'file') continue
    settings = readSettings({ files, problems }, join(files.root, name))
    break
  }
  const outputs = new Map<string, unknown>()
  const format = findProject(files, problems)
  const project = createProjectContext({
    folder,
    scope: { accountId: options.accountId ?? DEFAULT_ACCOUNT_ID, region: options.region ?? DEFAULT_REGION },
    baseUrl: options.baseUrl.replace(/\/$/, ''),
    settings,
    parameters: new Map([...settings.parameters, ...Object.entries(options.parameters ?? {})]),
    env: options.env ?? {},
    now: options.now ?? Date.now(),
    seed: Buffer.from(options.seed ?? randomBytes(32)).toString('base64'),
    workFolder: options.workFolder,
    files,
    problems,
  })
  try {
    for (const stack of await openStacks(project, format, options)) {
      loadStack(stack)
      for (const [name, value] of stack.outputs()) outputs.set(name, value)
    }
    for (const task of project.afterwards) task()
    checkReferences(project)
  } catch (error) {
    reportFatal(project, error)
  }
  reportUnknownTypes(project, format)
  return {
    folder: files.root,
    format: format?.format ?? 'empty',
    resources: project.resources,
    problems: problems.all,
    hasErrors: problems.hasErrors,
    cannotServe: problems.cannotServe,
    files: [...files.used],
    settings,
    outputs,
    unknownTypes: project.unknownTypes,
    locate: project.locate,
  }
}

async function openStacks(
  project: ProjectContext,
  format: ProjectFormat | undefined,
  options: LoadProjectOptions,
): Promise<Stack[]> {
  switch (format?.format) {
    case undefined:
      return []
    case 'cloudformation': {
      const template = readTemplate(format.template, project.files.root, project.problems)
      expandSam(template, project)
      return [createStack({ name: stackNameOf(project.files.root), template, project })]
    }
    // A project has one format: what reads the others is not loaded for it.
    case 'cdk': {
      const { loadAssembly } = await import('./cdk/assembly.ts')
      return loadAssembly(project, format.folder)
    }
    case 'serverless': {
      const { loadServerless } = await import('./serverless/load.ts')
      return loadServerless(project, format.document, options.options ?? {})
    }
    case 'amplify': {
      const { loadAmplify } = await import('./amplify/build.ts')
      return loadAmplify(project, format.folder)
    }
    default:
      return format satisfies never
  }
}

/** Name of the stack of a project that does not say one: its folder's. */
export function stackNameOf(folder: string): string {
  const name = basename(folder)
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^[^A-Za-z]+|-+$/g, '')
  return name === '' ? 'sidestage' : name.slice(0, 64)
}

/** Loads the resources of a stack and of those nested in it. */
function loadStack(stack: Stack): void {
  const circular = reportCircles(stack)
  for (const resource of stack.resources.values()) {
    if (circular.has(resource.logicalId)) continue
    const handler = typeHandler(resource.type)
    stack.project.declaring = resource
    handler.load?.(resource)
    stack.project.declaring = undefined
    if (resource.type === 'AWS::CloudFormation::Stack' || resource.type === 'AWS::Serverless::Application') {
      handler.ref(resource)
      const nested = stack.nested.get(resource.logicalId)
      if (nested !== undefined) loadStack(nested)
    }
  }
}

function reportFatal(project: ProjectContext, error: unknown): void {
  if (error instanceof StackTooLargeError) {
    const { document, path, logicalId } = error.place
    project.problems.add({
      severity: 'error',
      file: document.file,
      ...document.locate(path),
      message: error.message,
      ...(logicalId === undefined ? {} : { path: logicalId }),
    })
  } else if (error instanceof ProjectFileError || error instanceof RangeError) {
    const file = error instanceof ProjectFileError ? error.file : '.'
    const message =
      error instanceof ProjectFileError ? `${error.file} ${error.message}` : 'the project is nested too deeply'
    project.problems.add({ severity: 'error', file, line: 1, column: 1, message })
  } else throw error
}

function reportUnknownTypes(project: ProjectContext, format: ProjectFormat | undefined): void {
  if (project.unknownTypes.size === 0 || format === undefined) return
  const names = [...project.unknownTypes].map(([type, count]) => (count === 1 ? type : `${type} (${count})`))
  const file =
    format.format === 'cloudformation'
      ? format.template.file
      : format.format === 'serverless'
        ? format.document.file
        : project.files.display(join(format.folder, 'manifest.json'))
  project.problems.add({
    severity: 'info',
    file,
    line: 1,
    column: 1,
    message: `kept, but not run here: ${names.join(', ')}`,
  })
}
