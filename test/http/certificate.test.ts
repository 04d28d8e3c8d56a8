import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, connect as tlsConnect } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { localTls } from '../../src/http/certificate.ts'

const NAMES = ['localhost', '127.0.0.1', '::1']
const folder = mkdtempSync(join(tmpdir(), 'sidestage-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the local authority', () => {
  it('is made once and kept, its keys for the owner only', () => {
    const first = localTls(folder, NAMES)
    expect(localTls(folder, NAMES)).toEqual(first)
    expect(statSync(join(folder, 'tls/authority.key')).mode & 0o777).toBe(0o600)
  })

  it('signs a certificate for every name that was asked for', () => {
    const { cert, authority } = localTls(folder, NAMES)
    const leaf = new X509Certificate(cert)
    const root = new X509Certificate(authority)
    expect(leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.checkIssued(root)).toBe(true)
    expect([
      leaf.checkHost('localhost'),
      leaf.checkIP('127.0.0.1'),
      leaf.checkIP('::1'),
      leaf.checkHost('evil.example'),
    ]).toEqual(['localhost', '127.0.0.1', '::1', undefined])
    expect([root.ca, leaf.ca]).toEqual([true, false])
  })

  it('signs another when a name is added or the end is near, and stays the same itself', () => {
    const before = localTls(folder, NAMES)
    const wider = localTls(folder, [...NAMES, '10.0.0.7'])
    expect(wider.cert).not.toBe(before.cert)
    expect(wider.authority).toBe(before.authority)
    const later = localTls(folder, NAMES, Date.now() + 800 * 86_400_000)
    expect(later.cert).not.toBe(wider.cert)
  })

  it('is accepted by a TLS client that trusts it, and by no other', async () => {
    const { key, cert, authority } = localTls(undefined, NAMES)
    const server = createServer({ key, cert }, (socket) => socket.end('hello'))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const connect = (ca?: string): Promise<string> =>
      new Promise((done) => {
        const socket = tlsConnect({ host: '127.0.0.1', port, servername: 'localhost', ...(ca !== undefined && { ca }) })
        socket.on('secureConnect', () => done('trusted'))
        socket.on('error', (error: NodeJS.ErrnoException) => done(String(error.code)))
      })
    expect(await connect(authority)).toBe('trusted')
    expect(await connect()).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    server.close()
  })
})
