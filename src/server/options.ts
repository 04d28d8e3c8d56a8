import type { Clock } from '../aws/clock.ts'
import type { LogLevel } from '../observability/log.ts'

export interface ServerOptions {
  /** Folder of the project; a folder without one, or none at all, is an empty account. */
  project?: string
  /** 0 picks a free port. @default `port:` of sidestage.yaml, else 4000 */
  port?: number
  /** Another address than the loopback needs `credentials:` in sidestage.yaml. @default '127.0.0.1' */
  host?: string
  /** Where everything is kept. @default `.sidestage` in the project's folder */
  data?: string
  /** Keeps everything in memory, gone with the server. @default false */
  memory?: boolean
  /** Reloads the project when its files change. @default false */
  watch?: boolean
  /** Told after each reload of `watch`, with every problem as a line; `applied` is false when the old state was kept. */
  onReload?: (problems: readonly string[], applied: boolean) => void
  /** Verifies the signatures of management, Step Functions, DynamoDB and Lambda calls. @default false on the loopback, true elsewhere */
  requireSigned?: boolean
  /** Values of template parameters; before those of sidestage.yaml. */
  parameters?: Readonly<Record<string, string>>
  /** Where `AWS_ENDPOINT_URL_SERVICE` and `${env:…}` are read. @default process.env */
  environment?: Readonly<Record<string, string | undefined>>
  /** PEM files in place of the local authority's certificate. */
  certificate?: { cert: string; key: string }
  /** Waits, timeouts and retry intervals of workflows last this much shorter. @default 1 */
  timeScale?: number
  /** @default the system's clock */
  clock?: Clock
  /** @default 'warn' */
  logLevel?: LogLevel
  /** Where log lines go. @default stderr */
  onLogLine?: (line: string) => void
}

/** A started server. */
export interface SidestageServer {
  /** For example `http://127.0.0.1:4000`. */
  url: string
  port: number
  /** Whether the signatures of AWS API calls are verified. */
  requireSigned: boolean
  /** Every GraphQL API, the project's first one first. */
  apis(): ApiSummary[]
  /** Warnings and remarks about the project, one line each; a project with errors does not start. */
  problems: readonly string[]
  /** What clients of TLS must trust, PEM; with a certificate of your own undefined. */
  authorityFile(): string | undefined
  /** Mints a JWT that this server accepts. */
  mintToken(options: TokenOptions): Promise<string>
  /** Stops accepting, lets work under way end (at most 10 s), closes everything. */
  close(): Promise<void>
}

export interface ApiSummary {
  apiId: string
  name: string
  url: string
  /** A key that is valid now, where the API takes keys. */
  apiKey?: string
}

export interface TokenOptions {
  /** Name or id of a user pool; the local OIDC issuer without it. */
  pool?: string
  client?: string
  sub?: string
  groups?: readonly string[]
  claims?: Readonly<Record<string, unknown>>
  use?: 'id' | 'access'
}

/** What the user asked for cannot be had: shown without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError'
  /** One line per problem. */
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}
