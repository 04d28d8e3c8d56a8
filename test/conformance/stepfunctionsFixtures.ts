// The shared runner's hook: prepares what cases need beside the Step Functions endpoint.

interface Fixture {
  type: string
  name?: string
  table?: string
  partitionKey?: string
}

interface Context {
  env: { endpoint: string }
  resolve<T>(value: T): T
}

/** Needs that the server meets once they are prepared here. */
export const needs = ['dynamodb']

/** Makes the tables of a case; gives a function that removes them. */
export async function setup(given: { fixtures?: Fixture[] }, context: Context): Promise<() => Promise<void>> {
  const call = (operation: string, input: object): Promise<Response> =>
    fetch(context.env.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(input),
    })
  const tables = (given.fixtures ?? [])
    .filter(({ type }) => type === 'dynamodb')
    .map((fixture) => context.resolve(fixture))
  for (const table of tables) {
    const answer = await call('CreateTable', {
      TableName: table.name ?? table.table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: table.partitionKey ?? 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: table.partitionKey ?? 'id', KeyType: 'HASH' }],
    })
    if (!answer.ok) throw new Error(`CreateTable ${table.name}: ${await answer.text()}`)
  }
  return async () => {
    for (const table of tables) await call('DeleteTable', { TableName: table.name ?? table.table })
  }
}
