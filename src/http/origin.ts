import type { IncomingMessage } from 'node:http'

/** AWS's own hosts of the services that we answer for; nobody else can own such a name. */
const AWS_HOSTS =
  /^(?:(?:sync-)?states|dynamodb|streams\.dynamodb|lambda|appsync|cognito-idp|cognito-identity|sts|[a-z0-9]{26}\.appsync-(?:realtime-)?api|[a-z0-9]+\.appsync-(?:realtime-)?api|[0-9]{12}\.ddb)(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?$/

const LOOPBACK = /^(?:sync-)?(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1|(?:[a-z0-9-]+\.)+localhost)$/

/** Listening on these is listening under every name of the machine. */
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])

/** The host of a `Host` header or an origin, in lower case and without port. */
export function hostNameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '')
}

export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(hostNameOf(host))
}

/**
 * Whether a request may reach what a web page must not: a page that a browser loaded from elsewhere shows itself by its
 * `Origin`, a page that made its own name point to this machine (DNS rebinding) by the `Host`.
 * @param ownHost The name or address that the server was told to listen on. Under an address that stands for all of them
 * every name may be its own: calls are signed there, which a page cannot do.
 * @returns why not, or undefined.
 */
export function foreignRequest(request: IncomingMessage, ownHost: string): string | undefined {
  const host = request.headers.host
  const ownName = EVERY_ADDRESS.has(ownHost) ? hostNameOf(host ?? '') : hostNameOf(ownHost)
  const known = (name: string): boolean => LOOPBACK.test(name) || name === ownName || AWS_HOSTS.test(name)
  if (host !== undefined && !known(hostNameOf(host)))
    return `the host ${JSON.stringify(host.slice(0, 200))} is not this server's`
  const { origin } = request.headers
  if (origin === undefined) return undefined
  let name: string
  let authority: string
  try {
    const url = new URL(origin)
    name = url.hostname
    authority = url.host
  } catch {
    return `the origin ${JSON.stringify(origin.slice(0, 200))} may not use this API`
  }
  const samePort =
    host === undefined || authority.replace(/^[^:]*|^\[[^\]]*\]/, '') === host.replace(/^[^:[]*|^\[[^\]]*\]/, '')
  if (known(name.startsWith('[') ? name : name.toLowerCase()) && samePort) return undefined
  return `the origin ${JSON.stringify(origin.slice(0, 200))} may not use this API`
}
