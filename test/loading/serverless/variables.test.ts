import { describe, expect, it } from 'vitest'
import type { LoadProjectOptions } from '../../../src/loading/loadProject.ts'
import { loadFiles, problemsOf } from '../support/project.ts'

/** A variable as the output of a service. */
async function resolved(
  written: string,
  options: Partial<LoadProjectOptions> = {},
  files: Record<string, string> = {},
): Promise<{ value: unknown; problems: string[] }> {
  const loaded = await loadFiles(
    {
      'serverless.yml': `service: shop
provider: { name: aws, stage: "\${opt:stage, 'dev'}" }
params:
  default: { size: small }
  prod: { size: large }
custom:
  list: [a, b]
  names: { dev: n1, prod: n2 }
  nested: \${self:custom.names.\${sls:stage}}
resources:
  Outputs:
    It: { Value: ${written} }
${files['head'] ?? ''}`,
      ...files,
    },
    options,
  )
  return { value: loaded.outputs.get('It'), problems: problemsOf(loaded) }
}

describe('variables of serverless.yml', () => {
  it.each<[string, unknown]>([
    ['"${self:service}"', 'shop'],
    ['"${self:provider.stage}-${sls:stage}"', 'dev-dev'],
    ['"${self:custom.list}"', ['a', 'b']],
    ['"${self:custom.list.1}"', 'b'],
    ['"${self:custom.nested}"', 'n1'],
    ['"${self:custom.missing, \'x\'}"', 'x'],
    ['"${opt:a, env:B, self:custom.list.0}"', 'a'],
    ['"${param:size}"', 'small'],
    ['"${aws:region}/${aws:accountId}"', 'us-east-1/000000000000'],
    ['"${strToBool(true)}"', true],
    ['"${env:NOBODY, 5}"', 5],
    ['"${file(./more.yml):a.b}"', 'deep'],
    ['"${file(./more.yml):own}"', 'shop'],
    ['"${file(./text.txt)}"', 'a text'],
    ['"${file(./none.yml), \'none\'}"', 'none'],
    ['"${context.arguments.id}"', '${context.arguments.id}'],
    ['{ "Fn::Sub": "${AWS::Region}-${self:service}" }', 'us-east-1-shop'],
  ])('%s', async (written, value) => {
    expect(
      await resolved(written, {}, { 'more.yml': 'a: { b: deep }\nown: ${self:service}\n', 'text.txt': 'a text\n' }),
    ).toEqual({ value, problems: [] })
  })

  it('take the options and the environment that they are given', async () => {
    expect(
      (
        await resolved('"${self:custom.nested} ${param:size} ${env:WHO}"', {
          options: { stage: 'prod' },
          env: { WHO: 'me' },
        })
      ).value,
    ).toBe('n2 large me')
  })

  it('take .env files where the service says so, beneath the environment', async () => {
    const files = { head: 'useDotenv: true\n', '.env': 'A=1\nB=2\nC=3\n', '.env.dev': 'B=4\n' }
    expect((await resolved('"${env:A} ${env:B} ${env:C}"', { env: { C: 'own' } }, files)).value).toBe('1 4 own')
  })

  it('that have no value are told with their place', async () => {
    expect((await resolved('"${env:NOBODY}"')).problems).toEqual([
      'serverless.yml:12:18: error: Cannot resolve variable ${env:NOBODY} (set the environment variable NOBODY)',
    ])
    expect((await resolved('"${ssm:/a/b}"')).problems).toEqual([
      'serverless.yml:12:18: error: Cannot resolve variable ${ssm:/a/b} (add "/a/b" to parameters: in sidestage.yaml)',
    ])
    expect((await resolved('"${ssm:/a/b}"', { parameters: { '/a/b': 'kept' } })).value).toBe('kept')
  })
})
