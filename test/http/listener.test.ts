import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { localTls } from '../../src/http/certificate.ts'
import { type Listener, listen } from '../../src/http/listener.ts'

const tls = localTls(undefined, ['localhost', '127.0.0.1'])
let listener: Listener
afterEach(() => listener.close(100))

const start = async (): Promise<number> => {
  listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: () => tls,
    onRequest: (request, response) => response.end(`${'encrypted' in request.socket} ${request.url}`),
    onUpgrade: (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  })
  return listener.port
}

function get(port: number, secure: boolean): Promise<string> {
  return new Promise((done, failed) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/x',
      ...(secure && { ca: tls.authority, servername: 'localhost' }),
    }
    const request = (secure ? httpsRequest : httpRequest)(options, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => done(text))
    })
    request.on('error', failed)
    request.end()
  })
}

it('answers plain HTTP and TLS on one port', async () => {
  const port = await start()
  expect(await Promise.all([get(port, false), get(port, true)])).toEqual(['false /x', 'true /x'])
})

it('answers several requests on one plain connection, pipelined', async () => {
  const port = await start()
  const socket = connect({ host: '127.0.0.1', port })
  socket.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const text = await new Promise<string>((done) => {
    let all = ''
    socket.on('data', (chunk) => {
      all += String(chunk)
    })
    socket.on('close', () => done(all))
  })
  expect(text.match(/false \/\d/g)).toEqual(['false /1', 'false /2'])
})

it('survives bytes that are neither', async () => {
  const port = await start()
  for (const bytes of [Buffer.from([0x16, 0x03]), Buffer.from([0, 1, 2, 3]), Buffer.from('GET')]) {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => {})
    socket.end(bytes)
    await new Promise((done) => socket.on('close', done).resume())
  }
  expect(await get(port, false)).toBe('false /x')
})

it('names the port that is taken', async () => {
  const port = await start()
  await expect(
    listen({ host: '127.0.0.1', port, tls: () => tls, onRequest: () => {}, onUpgrade: () => {} }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE', port })
})

it('does not wait for connections that ask nothing when it closes', async () => {
  const port = await start()
  const silent = connect({ host: '127.0.0.1', port })
  const gone = new Promise((done) => silent.on('close', done).on('error', () => {}))
  await new Promise((done) => silent.once('connect', done))
  expect(await get(port, false)).toBe('false /x')
  const from = performance.now()
  await listener.close(60_000)
  expect(performance.now() - from).toBeLessThan(5_000)
  await gone
})
