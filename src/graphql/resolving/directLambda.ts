import type { FieldRun } from './step.ts'

/**
 * The request of a resolver without a request step on a Lambda data source: the function gets the whole context
 * (developer guide, "Direct Lambda resolvers").
 */
export function directLambdaRequest(maxBatchSize: number): (run: FieldRun) => unknown {
  const operation = maxBatchSize > 0 ? 'BatchInvoke' : 'Invoke'
  return (run) => {
    const { request, source, arguments: args } = run.call
    return {
      version: '2018-05-29',
      operation,
      payload: {
        arguments: args,
        identity: request.caller.identity,
        source: source ?? null,
        request: request.httpRequest,
        prev: run.previous ?? null,
        info: {
          selectionSetList: run.info.selectionSetList,
          selectionSetGraphQL: run.info.selectionSetGraphQL,
          fieldName: run.info.fieldName,
          parentTypeName: run.info.parentTypeName,
          variables: run.info.variables,
        },
        stash: run.stash,
      },
    }
  }
}
