import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsError } from '../../src/aws/errors.ts'
import type { CallContext, JsonService } from '../../src/aws/service.ts'

const CONTEXT: CallContext = {
  accountId: '000000000000',
  region: 'us-east-1',
  principalArn: 'arn:aws:iam::000000000000:root',
}

/** Serves services of the AWS JSON protocols on a loopback port, for clients that speak them; and documents by GET. */
export async function serveJsonServices(
  services: readonly JsonService[],
  document: (path: string) => unknown = () => undefined,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const answer = async (): Promise<unknown> => {
        if (request.method === 'GET') return (await document(request.url ?? '')) ?? notFound()
        const [prefix, operation = ''] = String(request.headers['x-amz-target']).split('.')
        const service = services.find(({ targetPrefix }) => targetPrefix === prefix)
        return service?.call(operation, JSON.parse(Buffer.concat(chunks).toString('utf8')), CONTEXT) ?? notFound()
      }
      const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers })
        response.end(JSON.stringify(body))
      }
      answer().then(
        (body) => send(200, body),
        (error: unknown) => {
          const { code, message } =
            error instanceof AwsError ? error : { code: 'InternalFailure', message: String(error) }
          send(
            error instanceof AwsError ? error.statusCode : 500,
            { __type: code, message },
            { 'x-amzn-errortype': code },
          )
        },
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function notFound(): never {
  throw new AwsError('ResourceNotFoundException', 'not found', { statusCode: 404 })
}
