// Bare node:http and graphql-js with parsed and validated documents kept: the floor of what a server can cost.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type DocumentNode, execute, parse, validate } from 'graphql'
import { plainSchema } from './schema.ts'

const schema = plainSchema(async () => null)
const documents = new Map<string, DocumentNode>()

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    let document = documents.get(query)
    if (document === undefined) {
      document = parse(query)
      if (validate(schema, document).length > 0) throw new Error('invalid')
      documents.set(query, document)
    }
    const result = execute({ schema, document, variableValues: variables })
    const body = JSON.stringify(result instanceof Promise ? await result : result)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`))
