import { join } from 'node:path'
import { isTemplate } from './cloudformation/template.ts'
import type { ProblemList } from './problem.ts'
import type { ProjectFiles } from './projectFiles.ts'
import { member, type SourceDocument } from './source/document.ts'
import { openDocument } from './source/open.ts'

/** What deploys a project. */
export type ProjectFormat =
  | { format: 'cloudformation'; template: SourceDocument }
  /** `manifest.json` of a CDK assembly, or the folder of one without it. */
  | { format: 'cdk'; folder: string }
  | { format: 'serverless'; document: SourceDocument }
  /** `amplify/backend/api/NAME/build` */
  | { format: 'amplify'; folder: string }

const TEMPLATE_NAMES = [
  'template.yaml',
  'template.yml',
  'template.json',
  'cloudformation.yaml',
  'cloudformation.yml',
  'cloudformation.json',
]
const SERVERLESS_NAMES = ['serverless.yml', 'serverless.yaml', 'serverless.json']

/**
 * Finds what deploys the project in a folder: a CDK assembly, a SAM or CloudFormation template, `serverless.yml` or
 * an Amplify build folder, in this order; a folder with none of them is an empty account.
 */
export function findProject(files: ProjectFiles, problems: ProblemList): ProjectFormat | undefined {
  const { root } = files
  const at = (...names: string[]): string => join(root, ...names)
  const project = { files, problems }

  for (const folder of [root, at('cdk.out'), at('.amplify', 'artifacts', 'cdk.out')]) {
    if (files.kindOf(join(folder, 'manifest.json')) !== 'file') continue
    const manifest = openDocument(project, join(folder, 'manifest.json'))
    if (member(manifest?.value, 'artifacts') !== undefined) return { format: 'cdk', folder }
  }
  for (const name of TEMPLATE_NAMES) {
    if (files.kindOf(at(name)) !== 'file') continue
    const template = openDocument(project, at(name))
    return template === undefined ? undefined : { format: 'cloudformation', template }
  }
  for (const name of SERVERLESS_NAMES) {
    if (files.kindOf(at(name)) !== 'file') continue
    const document = openDocument(project, at(name))
    return document === undefined ? undefined : { format: 'serverless', document }
  }
  for (const folder of [root, at('cdk.out')]) {
    if (files.list(folder).some((name) => name.endsWith('.template.json') && !name.endsWith('.nested.template.json')))
      return { format: 'cdk', folder }
  }
  const apis = at('amplify', 'backend', 'api')
  for (const name of files.list(apis)) {
    const build = join(apis, name, 'build')
    if (files.kindOf(join(build, 'cloudformation-template.json')) === 'file')
      return { format: 'amplify', folder: build }
  }
  if (files.kindOf(at('cloudformation-template.json')) === 'file') return { format: 'amplify', folder: root }
  if (files.kindOf(at('build', 'cloudformation-template.json')) === 'file')
    return { format: 'amplify', folder: at('build') }

  // A template under another name, when there is exactly one.
  const others = files
    .list(root)
    .filter(
      (name) =>
        /\.(?:ya?ml|json)$/.test(name) &&
        !/^(?:sidestage|samconfig|package|package-lock|tsconfig|docker-compose|compose)\b/.test(name),
    )
    .flatMap((name) => {
      const text = readIfSmall(files, at(name))
      if (text === undefined || !/AWSTemplateFormatVersion|AWS::Serverless|AWS::AppSync/.test(text)) return []
      const document = openDocument(project, at(name))
      return document !== undefined && isTemplate(document.value) ? [document] : []
    })
  const [only, second] = others
  if (only === undefined) {
    reportUnbuilt(files, problems)
    return undefined
  }
  if (second !== undefined) {
    problems.add({
      severity: 'error',
      file: second.file,
      line: 1,
      column: 1,
      message: `there are several templates: ${others.map(({ file }) => file).join(', ')}`,
      hint: 'call the one that deploys the project template.yaml',
    })
    return undefined
  }
  return { format: 'cloudformation', template: only }
}

/** Projects whose templates a tool makes, with what makes them. */
const UNBUILT: readonly { file: readonly string[]; message: string; hint: string }[] = [
  { file: ['cdk.json'], message: 'the CDK app has not been synthesized: there is no cdk.out', hint: 'run cdk synth' },
  {
    file: ['serverless.ts'],
    message: 'serverless.ts is code, which is not run to load a project',
    hint: 'serverless print > serverless.yml writes its values out',
  },
  {
    file: ['serverless.js'],
    message: 'serverless.js is code, which is not run to load a project',
    hint: 'serverless print > serverless.yml writes its values out',
  },
  {
    file: ['amplify', 'backend.ts'],
    message: 'the Amplify backend has not been synthesized: there is no .amplify/artifacts/cdk.out',
    hint: 'npx ampx sandbox writes it',
  },
  {
    file: ['amplify', 'backend', 'backend-config.json'],
    message: 'the Amplify API has not been built: there is no amplify/backend/api/NAME/build',
    hint: 'run amplify api gql-compile',
  },
]

function reportUnbuilt(files: ProjectFiles, problems: ProblemList): void {
  for (const { file, message, hint } of UNBUILT) {
    const path = join(files.root, ...file)
    if (files.kindOf(path) !== 'file') continue
    files.use(path)
    problems.add({ severity: 'error', file: files.display(path), line: 1, column: 1, message, hint })
  }
}

function readIfSmall(files: ProjectFiles, path: string): string | undefined {
  try {
    return files.readText(path)
  } catch {
    return undefined
  }
}
