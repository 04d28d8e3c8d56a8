import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

export interface LoadResult {
  requests: number
  seconds: number
  requestsPerSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** CPU of the server process per request, µs: the steady figure. */
  cpuMicroseconds: number
}

export interface LoadOptions {
  url: string
  /** One request's bytes, or a function that makes the next. */
  request: Buffer | (() => Buffer)
  requests: number
  connections?: number
  /** Of the server. */
  pid: number
  /** Throws when an answer is not what it should be; asked of the first answer of each connection. */
  check?: (body: string, status: number) => void
}

/** The bytes of an HTTP POST of JSON. */
export function postBytes(url: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const { pathname, host } = new URL(url)
  const lines = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Sends a fixed number of requests over keep-alive connections, one at a time on each. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { hostname, port } = new URL(options.url)
  const connections = options.connections ?? 32
  const latencies: number[] = []
  let left = options.requests
  const cpuBefore = cpuOf(options.pid)
  const started = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true })
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
      const exchange = createExchange(socket)
      let first = true
      while (left > 0) {
        left--
        const sent = performance.now()
        const { status, body } = await exchange(
          typeof options.request === 'function' ? options.request() : options.request,
          first,
        )
        latencies.push(performance.now() - sent)
        if (first) options.check?.(body, status)
        first = false
      }
      socket.destroy()
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const cpu = cpuOf(options.pid) - cpuBefore
  latencies.sort((a, b) => a - b)
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return {
    requests: options.requests,
    seconds,
    requestsPerSecond: options.requests / seconds,
    p50: at(0.5),
    p99: at(0.99),
    cpuMicroseconds: (cpu * 1e6) / options.requests,
  }
}

/** Writes a request and reads one answer with a Content-Length or chunks. */
function createExchange(socket: Socket) {
  let buffered: Buffer = Buffer.alloc(0)
  let wanted:
    | { resolve: (answer: { status: number; body: string }) => void; reject: (error: Error) => void; text: boolean }
    | undefined
  const fail = (error: Error): void => wanted?.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  socket.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    const end = buffered.indexOf('\r\n\r\n')
    if (end < 0 || wanted === undefined) return
    const head = buffered.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    let bodyEnd: number
    if (length !== undefined) bodyEnd = end + 4 + Number(length)
    else {
      const last = buffered.indexOf('0\r\n\r\n', end + 4)
      if (last < 0) return
      bodyEnd = last + 5
    }
    if (buffered.length < bodyEnd) return
    const answer = {
      status: Number(head.slice(9, 12)),
      body: wanted.text ? buffered.toString('utf8', end + 4, bodyEnd) : '',
    }
    buffered = buffered.subarray(bodyEnd)
    const { resolve } = wanted
    wanted = undefined
    resolve(answer)
  })
  return (bytes: Buffer, text: boolean): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      wanted = { resolve, reject, text }
      socket.write(bytes)
    })
}

const TICKS_PER_SECOND = 100

/** Seconds of CPU (user and system) that a process has used; Linux only. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident memory of a process in MB; Linux only. */
export function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}
