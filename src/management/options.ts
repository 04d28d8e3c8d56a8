import type { Clock } from '../aws/clock.ts'
import type { PageTokens } from '../aws/pagination.ts'
import type { MaybePromise } from '../aws/service.ts'
import type { Catalog } from '../catalog.ts'

/** What EvaluateCode and EvaluateMappingTemplate answer; texts of JSON but for `error` and `logs`. */
export interface EvaluationAnswer {
  evaluationResult?: string
  error?: { message: string; codeErrors?: readonly unknown[] }
  logs?: readonly string[]
  stash?: string
  outErrors?: string
}

export interface ManagementApiOptions {
  catalog: Catalog
  /** Makes and reads `nextToken`s. */
  pageTokens: PageTokens
  /** Where this server is reached; read for each answer, because the port may be chosen late. */
  baseUrl(): string
  /** @default the system's time */
  clock?: Pick<Clock, 'now'>
  /** Runs a handler of APPSYNC_JS code. `context` is JSON text as sent. */
  evaluateCode(request: { code: string; function?: string; context: string }): MaybePromise<EvaluationAnswer>
  /** Runs a mapping template. `context` is JSON text as sent. */
  evaluateMappingTemplate(request: { template: string; context: string }): MaybePromise<EvaluationAnswer>
  /** Throws `ResolverSyntaxError` for code that a resolver or function could not run. @default takes any code */
  checkCode?(code: string): void
  /** Throws `ResolverSyntaxError` for a template that could not run. @default takes any template */
  checkTemplate?(template: string): void
  /** Empties an API's cache. @default there is none */
  flushCache?(apiId: string): void
  /** 0 ≤ x < 1 for ids. @default cryptographically random */
  randomId?(length: number): string
}
