import { appsyncTypes } from './appsync.ts'
import { cognitoTypes } from './cognito.ts'
import { dynamodbTypes } from './dynamodb.ts'
import type { TypeHandler } from './handler.ts'
import { iamTypes } from './iam.ts'
import { keptTypes, unknownType } from './kept.ts'
import { lambdaTypes } from './lambda.ts'
import { nestedStackTypes } from './nestedStack.ts'
import { stepFunctionsTypes } from './stepFunctions.ts'

let handlers: ReadonlyMap<string, TypeHandler> | undefined

/** How resources of a type are named, referred to and loaded. */
export function typeHandler(type: string): TypeHandler {
  handlers ??= new Map(
    [
      appsyncTypes,
      dynamodbTypes,
      lambdaTypes,
      stepFunctionsTypes,
      cognitoTypes,
      iamTypes,
      keptTypes,
      nestedStackTypes,
    ].flatMap((types) => Object.entries(types)),
  )
  return handlers.get(type) ?? unknownType
}
