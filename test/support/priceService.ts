import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The HTTP service that the sample asks for prices: `GET /prices/ID` → `{amount, currency}`. */
export async function startPriceService(port = 0): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const id = /^\/prices\/([^/?]+)$/.exec(request.url ?? '')?.[1]
    response.setHeader('content-type', 'application/json')
    if (id === undefined || id === 'unpriced') {
      response.writeHead(404)
      response.end('{"message":"no such price"}')
      return
    }
    response.end(JSON.stringify({ amount: decodeURIComponent(id).length * 1.5, currency: 'EUR' }))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}

if (import.meta.main) {
  const { url } = await startPriceService(Number(process.argv[2] ?? 4080))
  console.log(`prices at ${url}/prices/ID`)
}
