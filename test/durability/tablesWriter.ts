import { writeSync } from 'node:fs'
import { createCatalog } from '../../src/catalog.ts'
import { createDynamoDB } from '../../src/services/dynamodb/engine.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { TABLE } from './tablesModel.ts'

/** Writes until it is killed: each transaction makes an item and counts it, and is told of on stdout once it is done. */
const [path = '', start = '0'] = process.argv.slice(2)
const tables = createCatalog().collection('AWS::DynamoDB::Table')
const engine = createDynamoDB({ folder: openDataFolder(path), tables })
const { TableName, ...description } = TABLE
tables.put(
  { arn: `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`, tableName: TableName, description },
  'project',
)

for (let count = Number(start) + 1; ; count++) {
  engine.send('TransactWriteItems', {
    TransactItems: [
      {
        Put: {
          TableName,
          Item: {
            pk: { S: `item ${count}` },
            sk: { N: String(count) },
            g: { S: 'written' },
            text: { S: 'x'.repeat(count % 700) },
          },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      {
        Update: {
          TableName,
          Key: { pk: { S: 'total' }, sk: { N: '0' } },
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        },
      },
    ],
  })
  writeSync(1, `${count}\n`)
}
