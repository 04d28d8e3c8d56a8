// graphql-yoga with plain resolvers and the AWS SDK for tables: `node yoga.ts [DYNAMODB_ENDPOINT]`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { createYoga } from 'graphql-yoga'
import { plainSchema } from './schema.ts'

const endpoint = process.argv[2]
const dynamodb =
  endpoint === undefined
    ? undefined
    : new DynamoDBClient({
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      })
const schema = plainSchema(async (id) => {
  const { Item } = (await dynamodb?.send(new GetItemCommand({ TableName: 'items', Key: { id: { S: id } } }))) ?? {}
  return Item === undefined ? null : unmarshall(Item)
})
const server = createServer(createYoga({ schema, logging: false, graphqlEndpoint: '/graphql' }))
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`))
