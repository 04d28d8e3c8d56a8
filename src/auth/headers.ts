import type { RequestCredentials } from './caller.ts'

/** Every value of a header, in the order sent. */
export function headerValues(request: Pick<RequestCredentials, 'headers'>, name: string): string[] {
  const values: string[] = []
  for (const [key, value] of request.headers)
    if (key.length === name.length && key.toLowerCase() === name) values.push(value)
  return values
}

/** Where a request came from: the addresses of `X-Forwarded-For`, then that of the connection. */
export function sourceIpsOf(request: RequestCredentials): string[] {
  const forwarded = headerValues(request, 'x-forwarded-for')
    .flatMap((value) => value.split(','))
    .map((address) => address.trim())
    .filter((address) => address !== '')
  const { remoteAddress } = request
  return remoteAddress === undefined ? forwarded : [...forwarded, remoteAddress.replace(/^::ffff:(?=\d+\.)/, '')]
}

/**
 * The auth object of a real-time message as the request that its sender signed: `connect` signs `{}` at the endpoint's
 * path + `/connect` (`/event` alone for Events), `start` signs the message's data at the endpoint's path.
 */
export function requestOfAuthObject(
  authObject: Readonly<Record<string, unknown>>,
  signed: { target: string; body: string },
): Pick<RequestCredentials, 'method' | 'target' | 'headers' | 'body'> {
  const headers = Object.entries(authObject).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  return { method: 'POST', target: signed.target, headers, body: Buffer.from(signed.body) }
}
