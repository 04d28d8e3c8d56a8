import { StartError } from './options.ts'

/** Where AWS services are that another process answers for, by serviceId in upper case: `DYNAMODB`, `SFN`. */
export type ServiceEndpoints = ReadonlyMap<string, string>

const PREFIX = 'AWS_ENDPOINT_URL_'

/**
 * Reads `AWS_ENDPOINT_URL_SERVICE` of the environment and `endpoints:` of the settings; the environment goes first.
 * The generic `AWS_ENDPOINT_URL` is ignored: users export it to point at this server.
 */
export function serviceEndpoints(
  environment: Readonly<Record<string, string | undefined>>,
  settings: ReadonlyMap<string, string>,
): ServiceEndpoints {
  const endpoints = new Map<string, string>()
  for (const [service, url] of settings) endpoints.set(service.toUpperCase(), url)
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || value === undefined || value === '') continue
    if (!/^https?:$/.test(URL.parse(value)?.protocol ?? ''))
      throw new StartError([`${name} is no http or https URL: ${JSON.stringify(value)}`])
    endpoints.set(name.slice(PREFIX.length), value)
  }
  return endpoints
}

/** Refuses endpoints that point back at this server: a call would never end. */
export function refuseSelf(endpoints: ServiceEndpoints, url: string): void {
  const own = new URL(url)
  for (const [service, endpoint] of endpoints) {
    const other = new URL(endpoint)
    const isLoopback = ['127.0.0.1', 'localhost', '[::1]', own.hostname].includes(other.hostname)
    if (isLoopback && (other.port || (other.protocol === 'https:' ? '443' : '80')) === own.port)
      throw new StartError([
        `${PREFIX}${service}=${endpoint} points at this server itself: unset it to use the embedded service, or point it elsewhere.`,
      ])
  }
}

/** The variables again, for the processes of functions. */
export function endpointVariables(endpoints: ServiceEndpoints): Record<string, string> {
  return Object.fromEntries([...endpoints].map(([service, url]) => [`${PREFIX}${service}`, url]))
}
