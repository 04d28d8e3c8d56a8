export {
  type ApiSummary,
  type ServerOptions,
  type SidestageServer,
  StartError,
  type TokenOptions,
} from './server/options.ts'
export { startServer } from './server.ts'
