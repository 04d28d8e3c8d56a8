import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppSyncClient } from '@aws-sdk/client-appsync'
import { createPageTokens } from '../../../src/aws/pagination.ts'
import { type Catalog, createCatalog } from '../../../src/catalog.ts'
import { createRestHandler } from '../../../src/http/rest.ts'
import { createManagementApi } from '../../../src/management/createManagementApi.ts'
import type { ManagementApiOptions } from '../../../src/management/options.ts'
import { silentLog } from '../../../src/observability/log.ts'

export const NOW = Date.parse('2026-11-20T12:34:56Z')
export const BASE_URL = 'http://127.0.0.1:4000'

/** The management API on a port of its own, and the AWS SDK as its client. */
export async function serveManagementApi(options: Partial<ManagementApiOptions> = {}) {
  const catalog: Catalog = options.catalog ?? createCatalog()
  const service = createManagementApi({
    catalog,
    pageTokens: createPageTokens(Buffer.from('a secret of this test')),
    baseUrl: () => BASE_URL,
    clock: { now: () => NOW },
    evaluateCode: ({ code, function: name }) => ({
      evaluationResult: JSON.stringify({ code, name }),
      logs: ['a line'],
    }),
    evaluateMappingTemplate: ({ template }) => ({ evaluationResult: template, logs: [] }),
    ...options,
  })
  const handle = createRestHandler({
    contextOf: () => ({
      accountId: '000000000000',
      region: 'us-east-1',
      principalArn: 'arn:aws:iam::000000000000:root',
    }),
    log: silentLog,
  })
  const server = createServer((request, response) => void handle(request, response, service, 'appsync'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new AppSyncClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
  return {
    catalog,
    client,
    url,
    async close() {
      client.destroy()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

export type ServedManagementApi = Awaited<ReturnType<typeof serveManagementApi>>

/** What a call was refused with: the SDK's view of name, status and message. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await call
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
    return { name, status: $metadata?.httpStatusCode, message }
  }
  throw new Error('the call was not refused')
}
