import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsError } from '../../src/aws/errors.ts'
import type { JsonService } from '../../src/aws/service.ts'

/** A bare HTTP server of AWS JSON services, for tests of a service without the rest of the server. */
export interface AwsJsonServer {
  endpoint: string
  close(): Promise<void>
}

/** Serves by `X-Amz-Target` on a free port of the loopback. Account and region are the defaults. */
export async function serveAwsJson(services: readonly JsonService[]): Promise<AwsJsonServer> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const [prefix = '', operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.')
    const service = services.find((one) => one.targetPrefix === prefix)
    const answer = (status: number, body: unknown, errorType?: string): void => {
      response.writeHead(status, {
        'content-type': `application/x-amz-json-${service?.jsonVersion ?? '1.0'}`,
        ...(errorType === undefined ? {} : { 'x-amzn-errortype': errorType }),
      })
      response.end(JSON.stringify(body))
    }
    try {
      if (service === undefined) throw new AwsError('UnknownOperationException', '')
      const body = Buffer.concat(chunks).toString('utf8')
      const output = await service.call(operation, JSON.parse(body === '' ? '{}' : body), {
        accountId: '000000000000',
        region: 'us-east-1',
        principalArn: 'arn:aws:iam::000000000000:root',
      })
      answer(200, output)
    } catch (error) {
      if (!(error instanceof AwsError)) {
        answer(500, { __type: 'InternalServerError', message: String(error) }, 'InternalServerError')
        return
      }
      answer(error.statusCode, { __type: error.code, message: error.message, ...error.details }, error.code)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
