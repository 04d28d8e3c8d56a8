import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { load, loadFiles, problemsOf, resourcesOf, writeProject } from '../loading/support/project.ts'

const api = (resolver: string): string => `Resources:
  Api:
    Type: AWS::AppSync::GraphQLApi
    Properties: { Name: a, AuthenticationType: API_KEY }
  Source:
    Type: AWS::AppSync::DataSource
    Properties: { ApiId: !GetAtt Api.ApiId, Name: none, Type: NONE }
  Resolver:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: f
      DataSourceName: !GetAtt Source.Name
      Runtime: { Name: APPSYNC_JS, RuntimeVersion: 1.0.0 }
      CodeS3Location: ${resolver}
`

/** Loads a project whose resolver's code is at `location`. */
async function withCode(
  location: string,
  prepare: (folder: string) => void = () => {},
): Promise<{ said: string[]; code: string | undefined }> {
  const folder = writeProject({ 'template.yaml': api(location) })
  prepare(folder)
  const loaded = await load(folder)
  return { said: problemsOf(loaded), code: resourcesOf(loaded, 'AWS::AppSync::Resolver')[0]?.code }
}

const AT = 'template.yaml:16:23: error: '

describe('files that a project names', () => {
  it.each([
    ['above the project', '../../../../../../../../etc/passwd', / is outside of the project$/],
    ['by an absolute path', '/etc/passwd', / is outside of the project$/],
    ['that is a folder', 'folder', /^folder is a folder$/],
    ['that is a device', '/dev/zero', / is outside of the project$/],
    ['with a NUL character', '"a\\0b"', / has a NUL character in its name$/],
    ['that is not there', 'nowhere.js', /^nowhere\.js does not exist/],
  ])('%s are refused with the place that names them', async (_, location, message) => {
    const { said, code } = await withCode(location, (folder) => mkdirSync(join(folder, 'folder')))
    expect(said).toHaveLength(1)
    expect(said[0]?.startsWith(AT)).toBe(true)
    expect(said[0]?.slice(AT.length)).toMatch(message)
    expect(code).toContain('util.error(')
    expect(code).not.toContain('root:')
  })

  it('that lead out of the project by a symbolic link are refused', async () => {
    const { said, code } = await withCode('link.js', (folder) => symlinkSync('/etc/passwd', join(folder, 'link.js')))
    expect(said).toEqual([`${AT}link.js leads out of the project`])
    expect(code).not.toContain('root:')
  })

  it('that are a link inside the project are read', async () => {
    const { said, code } = await withCode('link.js', (folder) => {
      writeFileSync(join(folder, 'real.js'), 'export function request() {}')
      symlinkSync('real.js', join(folder, 'link.js'))
    })
    expect({ said, code }).toEqual({ said: [], code: 'export function request() {}' })
  })

  it.skipIf(process.platform === 'win32')('that are a pipe do not hold the loader', async () => {
    const { said } = await withCode('pipe.js', (folder) => void execFileSync('mkfifo', [join(folder, 'pipe.js')]))
    expect(said).toEqual([`${AT}pipe.js is not a file`])
  })

  it('that are larger than any code are refused unread', async () => {
    const { said } = await withCode(
      'large.js',
      (folder) => void execFileSync('truncate', ['-s', '1G', join(folder, 'large.js')]),
    )
    expect(said).toEqual([`${AT}large.js is larger than 16 MB`])
  })

  it('that are no UTF-8 are refused', async () => {
    const { said } = await withCode('bytes.js', (folder) =>
      writeFileSync(join(folder, 'bytes.js'), Buffer.from([0x65, 0xff, 0xfe])),
    )
    expect(said).toEqual([`${AT}bytes.js is not UTF-8 text`])
  })

  it('lose their byte order mark', async () => {
    const { said, code } = await withCode('bom.js', (folder) =>
      writeFileSync(join(folder, 'bom.js'), '\ufeffexport function request() {}'),
    )
    expect({ said, code }).toEqual({ said: [], code: 'export function request() {}' })
  })

  it('are refused in CDK assemblies, too, when they lead out', async () => {
    const loaded = await loadFiles({
      'manifest.json': JSON.stringify({
        artifacts: {
          S: { type: 'aws:cloudformation:stack', properties: { templateFile: '../../../../../../etc/passwd' } },
        },
      }),
    })
    expect(problemsOf(loaded)).toEqual([expect.stringMatching(/error: .*etc\/passwd is outside of the project$/)])
    const assets = {
      files: {
        a: { source: { path: '../../../../../../etc/passwd' }, destinations: { x: { objectKey: 'a.graphql' } } },
      },
    }
    const template = {
      Resources: {
        Schema: {
          Type: 'AWS::AppSync::GraphQLSchema',
          Properties: { ApiId: 'x', DefinitionS3Location: 's3://bucket/a.graphql' },
        },
      },
    }
    const second = await loadFiles({
      'S.template.json': JSON.stringify(template),
      'S.assets.json': JSON.stringify(assets),
    })
    expect(problemsOf(second)).toEqual([expect.stringMatching(/error: .*etc\/passwd is outside of the project$/)])
  })
})

describe('templates that ask for too much', () => {
  /** Loads and measures: each of these must end quickly, however large what it asks for. */
  async function quickly(files: Record<string, string | Uint8Array>): Promise<string[]> {
    const start = performance.now()
    const said = problemsOf(await loadFiles(files))
    expect(performance.now() - start).toBeLessThan(5_000)
    return said
  }

  it('a bomb of aliases', async () => {
    const levels = Array.from(
      { length: 10 },
      (_, level) =>
        `l${level}: &l${level} [${Array.from({ length: 10 }, () => (level === 0 ? 'x' : `*l${level - 1}`)).join(', ')}]`,
    )
    expect(await quickly({ 'template.yaml': `Metadata:\n  ${levels.join('\n  ')}\nResources: {}\n` })).toEqual([
      expect.stringMatching(
        /^template\.yaml:\d+:\d+: error: more than 2,000,000 values after its aliases are followed$/,
      ),
    ])
  })

  it('an alias that contains itself', async () => {
    expect(await quickly({ 'template.yaml': 'Resources: &a\n  A: *a\n' })).toEqual([
      'template.yaml:2:6: error: alias *a contains itself',
    ])
  })

  it('a bomb of Fn::Sub', async () => {
    const topics = Array.from(
      { length: 40 },
      (_, level) =>
        `  T${level}: { Type: AWS::SNS::Topic, Properties: { TopicName: !Sub "${level === 39 ? 'xxxxxxxx' : `\${T${level + 1}.TopicName}\${T${level + 1}.TopicName}`}" } }`,
    )
    const said = await quickly({ 'template.yaml': `Resources:\n${topics.join('\n')}\n` })
    expect(said[0]).toMatch(/^template\.yaml:\d+:\d+: error: makes a text of more than 4,194,304 characters$/)
  })

  it('tags of other languages, which mean nothing', async () => {
    const said = await quickly({
      'template.yaml':
        'Resources:\n  T: { Type: AWS::SNS::Topic, Properties: { TopicName: !!js/function "function(){ process.exit(1) }" } }\n',
    })
    expect(said).toEqual([])
  })

  it('51 MB of template', async () => {
    expect(await quickly({ 'template.yaml': Buffer.alloc(51 * 1024 * 1024, 0x20) })).toEqual([
      'template.yaml:1:1: error: template.yaml is larger than 16 MB',
    ])
  })

  it.each([
    ['YAML', 'template.yaml', `Resources: ${'['.repeat(100_000)}`],
    ['JSON', 'template.json', `{"Resources": ${'['.repeat(100_000)}`],
    ['JSON that is well formed', 'template.json', `{"Resources": {"A": ${'['.repeat(50_000)}${']'.repeat(50_000)}}}`],
  ])('%s that is nested too deeply', async (_, name, text) => {
    expect(await quickly({ [name]: text })).toEqual([
      expect.stringMatching(/: error: nested (?:too deeply|more than 500 levels deep)$/),
    ])
  })

  it('a circle of references', async () => {
    const said = await quickly({
      'template.yaml':
        'Resources:\n  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt B.TopicName } }\n  B: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt A.TopicName } }\n',
    })
    expect(said).toEqual(['template.yaml:2:43: error: Circular dependency between resources: [A, B]'])
  })

  it('a circle of conditions', async () => {
    const said = await quickly({
      'template.yaml':
        'Conditions: { A: !Condition B, B: !Condition A }\nResources:\n  T: { Type: AWS::SNS::Topic, Condition: A }\n',
    })
    expect(said).toEqual([expect.stringContaining('Circular dependency in condition')])
  })

  it('a stack nested in itself', async () => {
    const said = await quickly({
      'template.yaml':
        'Resources:\n  S: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: template.yaml } }\n',
    })
    expect(said).toEqual(['template.yaml:2:54: error: stacks are nested more than 20 levels deep'])
  })

  it('keys that are names of Object.prototype', async () => {
    const loaded = await loadFiles({
      'template.json':
        '{"Resources": {"__proto__": {"Type": "AWS::SNS::Topic"}, "constructor": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "toString"}}}}, "Mappings": {"__proto__": {"a": {"b": 1}}}}',
    })
    expect(problemsOf(loaded)).toEqual([expect.stringContaining('Unresolved resource dependencies [toString]')])
    expect(loaded.resources.filter(({ type }) => type === 'AWS::CloudFormation::Kept')).toHaveLength(2)
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  it('variables of serverless.yml that mean themselves', async () => {
    const said = await quickly({
      'serverless.yml': 'service: a\ncustom:\n  a: ${self:custom.b}\n  b: ${self:custom.a}\n',
    })
    expect(said.length).toBeGreaterThan(0)
    expect(said[0]).toContain('depends on itself')
  })

  it('a bomb of serverless variables', async () => {
    const levels = Array.from(
      { length: 40 },
      (_, level) =>
        `  v${level}: "${level === 39 ? 'xxxxxxxx' : `\${self:custom.v${level + 1}}\${self:custom.v${level + 1}}`}"`,
    )
    const said = await quickly({ 'serverless.yml': `service: a\ncustom:\n${levels.join('\n')}\n` })
    expect(said).toHaveLength(1)
  })

  it('configuration that is code is not run', async () => {
    const said = await quickly({
      'serverless.yml': 'service: a\ncustom: ${file(./evil.js)}\n',
      'evil.js': 'process.exit(7)',
    })
    expect(said).toEqual([expect.stringContaining('evil.js is code, which is not run to load a project')])
  })

  it('problems without end are kept within bounds', async () => {
    const resources = Array.from({ length: 5_000 }, (_, index) => `  R${index}: 1`).join('\n')
    const loaded = await loadFiles({ 'template.yaml': `Resources:\n${resources}\n` })
    expect(loaded.problems).toHaveLength(1_000)
  })

  it('names with control characters do not reach the terminal', async () => {
    const said = await quickly({ 'template.yaml': 'Resources:\n  T: { Type: "AWS::SNS::\\e[31mTopic" }\n' })
    expect(said.join('')).not.toMatch(/[\u0000-\u001f]/)
  })
})
