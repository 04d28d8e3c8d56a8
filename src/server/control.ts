import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AwsError, messageOf } from '../aws/errors.ts'
import type { RestRequest, RestResponse } from '../aws/service.ts'
import type { DataFolder } from '../storage/dataFolder.ts'
import type { TokenOptions } from './options.ts'

/** How the command asks a running server for a token: whoever may read the data folder may. */
export const CONTROL_PATH = '/_sidestage/token'
const NOTE = 'server.json'
const SECRET = 'control'
const SCHEME = 'Sidestage-HMAC-SHA256'
/** A proof is good for this long. */
const MAX_AGE_MS = 60_000

/** Answers `sidestage token`; the caller shows the folder's secret. */
export function createControl(folder: DataFolder, mintToken: (options: TokenOptions) => Promise<string>) {
  const secret = folder.secret(SECRET)
  return async (request: RestRequest): Promise<RestResponse> => {
    if (folder.path === undefined || !isProved(request, secret))
      throw new AwsError('AccessDeniedException', 'The secret of the data folder is needed.', { statusCode: 403 })
    let options: TokenOptions
    try {
      options = JSON.parse(Buffer.from(request.body).toString('utf8')) as TokenOptions
    } catch {
      throw new AwsError('SerializationException', 'The body is not JSON.')
    }
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: await mintToken(options) }
  }
}

/** Leaves a note of where the server of this folder is reached. */
export function announceServer(folder: DataFolder, url: string): () => void {
  if (folder.path === undefined) return () => {}
  const file = join(folder.path, NOTE)
  writeFileSync(file, `${JSON.stringify({ url })}\n`)
  return () => rmSync(file, { force: true })
}

/** Asks the server that runs on a data folder for a token; undefined when none does. */
export async function askRunningServer(path: string, options: TokenOptions): Promise<string | undefined> {
  let url: string
  let secret: Uint8Array
  try {
    url = (JSON.parse(readFileSync(join(path, NOTE), 'utf8')) as { url: string }).url
    secret = readFileSync(join(path, `${SECRET}.key`))
  } catch {
    return undefined
  }
  const body = JSON.stringify(options)
  const time = String(Date.now())
  let response: Response
  try {
    response = await fetch(new URL(CONTROL_PATH, url), {
      method: 'POST',
      headers: { authorization: `${SCHEME} ${time}:${proof(secret, time, body)}`, 'content-type': 'application/json' },
      body,
      redirect: 'error',
    })
  } catch {
    // The note of a server that was killed.
    return undefined
  }
  const text = await response.text()
  if (response.ok) return text
  let message = text
  try {
    message = String((JSON.parse(text) as { message?: unknown }).message)
  } catch (error) {
    message = `${messageOf(error)}: ${text.slice(0, 200)}`
  }
  throw new AwsError('TokenRefused', message)
}

/** Shows knowledge of the secret without sending it: after a kill another process may listen on the noted port. */
function proof(secret: Uint8Array, time: string, body: string): string {
  return createHmac('sha256', secret).update(`${time}\n${body}`).digest('base64url')
}

function isProved(request: RestRequest, secret: Uint8Array): boolean {
  const match = /^(\S+) (\d{1,16}):([\w-]{43})$/.exec(request.headers.get('authorization') ?? '')
  if (match === null || match[1] !== SCHEME) return false
  const [, , time = '', given = ''] = match
  if (Math.abs(Date.now() - Number(time)) > MAX_AGE_MS) return false
  const expected = proof(secret, time, Buffer.from(request.body).toString('utf8'))
  return timingSafeEqual(Buffer.from(given), Buffer.from(expected))
}
