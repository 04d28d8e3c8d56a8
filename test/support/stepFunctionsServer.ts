import { systemClock } from '../../src/aws/clock.ts'
import type { LambdaInvoker } from '../../src/aws/lambdaInvoker.ts'
import { createPageTokens } from '../../src/aws/pagination.ts'
import { createCatalog } from '../../src/catalog.ts'
import { silentLog } from '../../src/observability/log.ts'
import { createDynamoDB } from '../../src/services/dynamodb/engine.ts'
import { createMachineLookup, type TemporaryMachines } from '../../src/stepfunctions/api/machineLookup.ts'
import { createCompiler, createStepFunctionsService } from '../../src/stepfunctions/api/service.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import type { MockConfiguration } from '../../src/stepfunctions/engine.ts'
import { openMemoryFolder } from '../../src/storage/dataFolder.ts'
import { type AwsJsonServer, serveAwsJson } from './awsJsonServer.ts'

export interface StepFunctionsServerOptions {
  lambda?: LambdaInvoker
  mocks?: MockConfiguration
}

/** Step Functions' API over an engine and embedded tables in memory, without the rest of the server. */
export async function serveStepFunctions(options: StepFunctionsServerOptions = {}): Promise<AwsJsonServer> {
  const folder = openMemoryFolder()
  const catalog = createCatalog()
  const pageTokens = createPageTokens(folder.secret('pages'))
  const temporary: TemporaryMachines = new Map()
  const tables = createDynamoDB({
    folder,
    tables: catalog.collection('AWS::DynamoDB::Table'),
    clock: systemClock,
    log: silentLog,
    pageTokens,
  })
  const compile = createCompiler()
  const engine = createWorkflowEngine({
    folder,
    machines: createMachineLookup(catalog, { temporary }),
    compile,
    integrations: { dynamodb: tables, ...(options.lambda === undefined ? {} : { lambda: options.lambda }) },
    ...(options.mocks === undefined ? {} : { mocks: options.mocks }),
  })
  const service = createStepFunctionsService({ catalog, engine, pageTokens, temporary, compile })
  const server = await serveAwsJson([service, tables.service])
  return {
    endpoint: server.endpoint,
    async close() {
      await server.close()
      await engine.close()
      await tables.close()
      await folder.close()
    },
  }
}
