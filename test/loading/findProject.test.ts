import { describe, expect, it } from 'vitest'
import { loadFiles, problemsOf } from './support/project.ts'

const TEMPLATE =
  'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  T: { Type: AWS::SNS::Topic, Properties: { TopicName: t } }\n'
const ASSEMBLY = {
  'manifest.json':
    '{"artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json"}}}}',
  'S.template.json': '{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}}}',
}
const inside = (folder: string, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))

describe('what deploys a project', () => {
  it.each<[string, Record<string, string>, string]>([
    ['template.yaml', { 'template.yaml': TEMPLATE }, 'cloudformation'],
    ['template.yml', { 'template.yml': TEMPLATE }, 'cloudformation'],
    ['template.json', { 'template.json': ASSEMBLY['S.template.json'] }, 'cloudformation'],
    [
      'a template under another name',
      { 'infra.yaml': TEMPLATE, 'package.json': '{}', 'data.json': '[1]' },
      'cloudformation',
    ],
    ['cdk.out', inside('cdk.out', ASSEMBLY), 'cdk'],
    ['an assembly itself', ASSEMBLY, 'cdk'],
    ['an assembly without its manifest', { 'S.template.json': ASSEMBLY['S.template.json'] }, 'cdk'],
    ['the assembly of Amplify Gen 2', inside('.amplify/artifacts/cdk.out', ASSEMBLY), 'cdk'],
    [
      'serverless.yml',
      {
        'serverless.yml': `service: s\nresources:\n  Resources:\n    T: { Type: AWS::SNS::Topic, Properties: { TopicName: t } }\n`,
      },
      'serverless',
    ],
    ['an Amplify build folder', { 'build/cloudformation-template.json': ASSEMBLY['S.template.json'] }, 'amplify'],
  ])('is %s', async (_, files, format) => {
    const loaded = await loadFiles(files)
    expect({
      format: loaded.format,
      problems: problemsOf(loaded),
      arns: loaded.resources.map(({ resource }) => resource.arn),
    }).toEqual({
      format,
      problems: [],
      arns: ['arn:aws:sns:us-east-1:000000000000:t'],
    })
  })

  it.each<[Record<string, string>, string]>([
    [
      { 'cdk.json': '{}' },
      'cdk.json:1:1: error: the CDK app has not been synthesized: there is no cdk.out (run cdk synth)',
    ],
    [
      { 'serverless.ts': '' },
      'serverless.ts:1:1: error: serverless.ts is code, which is not run to load a project (serverless print > serverless.yml writes its values out)',
    ],
    [
      { 'amplify/backend.ts': '' },
      'amplify/backend.ts:1:1: error: the Amplify backend has not been synthesized: there is no .amplify/artifacts/cdk.out (npx ampx sandbox writes it)',
    ],
    [
      { 'a.yaml': TEMPLATE, 'b.yaml': TEMPLATE },
      'b.yaml:1:1: error: there are several templates: a.yaml, b.yaml (call the one that deploys the project template.yaml)',
    ],
    [
      { 'template.yaml': 'Resources: [' },
      'template.yaml:1:13: error: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('is asked for: %j', async (files, message) => {
    expect(problemsOf(await loadFiles(files))).toEqual([message])
  })
})
