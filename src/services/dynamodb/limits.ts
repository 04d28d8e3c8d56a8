/** What one BatchGetItem answers: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
export const MAX_BATCH_BYTES = 16 * 1_024 * 1_024

/** What the items of one transaction may weigh: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-dynamodb-transactions */
export const MAX_TRANSACTION_BYTES = 4 * 1_024 * 1_024
