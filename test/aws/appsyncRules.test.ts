import { describe, expect, it } from 'vitest'
import { authenticationProblem, dataSourceProblem, resolverProblem, stepProblem } from '../../src/aws/appsyncRules.ts'

const pool = (userPoolId: string): Record<string, unknown> => ({
  authenticationType: 'AMAZON_COGNITO_USER_POOLS',
  userPoolConfig: { userPoolId, awsRegion: 'us-east-1' },
})

describe('what AppSync refuses', () => {
  it.each([
    [{ authenticationType: 'API_KEY' }, undefined],
    [{ ...pool('a'), additionalAuthenticationProviders: [pool('b'), { authenticationType: 'AWS_IAM' }] }, undefined],
    [
      { ...pool('a'), additionalAuthenticationProviders: [pool('a')] },
      'Invalid authentication configuration: AMAZON_COGNITO_USER_POOLS a is configured more than once.',
    ],
    [
      { authenticationType: 'API_KEY', additionalAuthenticationProviders: [{ authenticationType: 'API_KEY' }] },
      'Invalid authentication configuration: API_KEY is configured more than once.',
    ],
    [
      { authenticationType: 'AWS_LAMBDA' },
      'Invalid authentication configuration: lambdaAuthorizerConfig is required for AWS_LAMBDA.',
    ],
    [
      {
        authenticationType: 'API_KEY',
        additionalAuthenticationProviders: Array.from({ length: 50 }, (_, index) => pool(String(index))),
      },
      'An API can have at most 50 authentication providers.',
    ],
  ])('of modes: %j', (api, problem) => {
    expect(authenticationProblem(api)).toBe(problem)
  })

  it.each([
    [{ type: 'NONE' }, undefined],
    [{ type: 'AWS_LAMBDA', lambdaConfig: {} }, undefined],
    [{ type: 'HTTP' }, 'httpConfig is required for a data source of type HTTP.'],
  ])('of data sources: %j', (source, problem) => {
    expect(dataSourceProblem(source)).toBe(problem)
  })

  it.each([
    [{}, undefined],
    [{ code: 'x', runtime: {} }, undefined],
    [{ requestMappingTemplate: 'x' }, undefined],
    [{ code: 'x' }, 'Runtime must be specified when code is specified.'],
    [{ runtime: {} }, 'Code must be specified when runtime is specified.'],
    [
      { code: 'x', runtime: {}, responseMappingTemplate: 'y' },
      'Mapping templates cannot be specified together with code.',
    ],
  ])('of code and templates: %j', (step, problem) => {
    expect(stepProblem(step)).toBe(problem)
  })

  it.each([
    [{ dataSourceName: 'a' }, undefined],
    [{ kind: 'PIPELINE', pipelineConfig: { functions: Array(10).fill('f') } }, undefined],
    [{}, 'Data source name must be specified for a UNIT resolver.'],
    [
      { kind: 'PIPELINE', pipelineConfig: { functions: Array(11).fill('f') } },
      'A pipeline resolver can have at most 10 functions.',
    ],
    [
      { dataSourceName: 'a', cachingConfig: { ttl: 1, cachingKeys: Array(26).fill('k') } },
      'A resolver can have at most 25 caching keys.',
    ],
  ])('of resolvers: %j', (resolver, problem) => {
    expect(resolverProblem(resolver)).toBe(problem)
  })
})
