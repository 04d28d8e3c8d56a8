import { createPageTokens } from '../../../src/aws/pagination.ts'
import type { CallContext } from '../../../src/aws/service.ts'
import { type Catalog, createCatalog } from '../../../src/catalog.ts'
import { createMachineLookup, type TemporaryMachines } from '../../../src/stepfunctions/api/machineLookup.ts'
import { createCompiler, createStepFunctionsService } from '../../../src/stepfunctions/api/service.ts'
import { createWorkflowEngine } from '../../../src/stepfunctions/createWorkflowEngine.ts'
import type { WorkflowEngine, WorkflowIntegrations } from '../../../src/stepfunctions/engine.ts'
import { openMemoryFolder } from '../../../src/storage/dataFolder.ts'

/** The API over an engine in memory. */
export interface StepFunctions {
  catalog: Catalog
  engine: WorkflowEngine
  call(operation: string, input: unknown, context?: Partial<CallContext>): Promise<Record<string, unknown>>
  close(): Promise<void>
}

export const ROLE_ARN = 'arn:aws:iam::000000000000:role/r'

export function startStepFunctions(integrations: WorkflowIntegrations = {}): StepFunctions {
  const folder = openMemoryFolder()
  const catalog = createCatalog()
  const temporary: TemporaryMachines = new Map()
  const compile = createCompiler()
  const engine = createWorkflowEngine({
    folder,
    machines: createMachineLookup(catalog, { temporary }),
    compile,
    integrations,
  })
  const service = createStepFunctionsService({
    catalog,
    engine,
    temporary,
    compile,
    pageTokens: createPageTokens(folder.secret('pages')),
  })
  return {
    catalog,
    engine,
    async call(operation, input, context = {}) {
      const answer = await service.call(operation, input, {
        accountId: '000000000000',
        region: 'us-east-1',
        principalArn: 'arn:aws:iam::000000000000:root',
        ...context,
      })
      // As it goes over the wire.
      return JSON.parse(JSON.stringify(answer)) as Record<string, unknown>
    },
    async close() {
      await engine.close()
      await folder.close()
    },
  }
}
