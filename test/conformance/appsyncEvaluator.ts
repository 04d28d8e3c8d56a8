import { evaluateCode } from '../../src/runtime/evaluateCode.ts'

interface Case {
  code?: string
  function?: string
  template?: string
  context: Record<string, unknown>
}

/**
 * The evaluator for the shared AppSync cases: `node run.mjs --evaluator test/conformance/appsyncEvaluator.ts` runs them
 * against the resolver languages in this process.
 */
const templates: string = new URL('../../src/runtime/evaluateMappingTemplate.ts', import.meta.url).href
const templateModule = await import(templates).catch(() => undefined)

export default {
  evaluateCode: ({ code, function: name, context }: Case) =>
    evaluateCode({ code: code ?? '', context, ...(name === undefined ? {} : { function: name }) }),
  ...(templateModule === undefined
    ? {}
    : {
        evaluateMappingTemplate: ({ template, context }: Case) =>
          templateModule.evaluateMappingTemplate({ template, context }),
      }),
}
