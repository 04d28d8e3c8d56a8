import { UtilError, type UtilFunction } from '../../util/environment.ts'
import { isMap, newMap, type PlainMap } from '../../util/values.ts'
import { exportsOf } from './table.ts'

/** A request of the Bedrock data source: the payload with the operation's name. */
function requestFor(operation: string): UtilFunction {
  return (environment, [payload]) => {
    if (!isMap(payload)) throw new UtilError({ message: 'Expected payload to be an Object.', errorType: null })
    const request = newMap()
    request['operation'] = operation
    const source = payload as PlainMap
    const names = Object.keys(source)
    environment.charge(names.length)
    environment.allocate(names.length * 32)
    for (const name of names) if (name !== 'operation') request[name] = source[name]
    return request
  }
}

/** The module `@aws-appsync/utils/ai`. */
export const ai = exportsOf({ invokeModel: requestFor('InvokeModel'), converse: requestFor('Converse') })
