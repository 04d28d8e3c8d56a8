import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'

/** What TLS needs, PEM. `authority` is what clients must trust. */
export interface TlsMaterial {
  key: string
  cert: string
  authority: string
  /** File of the authority's certificate, for `NODE_EXTRA_CA_CERTS`; undefined in memory. */
  authorityFile: string | undefined
}

const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3650
/** Longest that Apple's and Chromium's verifiers take from a server's certificate is 825 days. */
const SERVER_DAYS = 820

/**
 * The local authority of a data folder, made once, and a server certificate for the given names (made again when a name
 * is missing or the end is near). Without a folder both live as long as the process.
 */
export function localTls(folder: string | undefined, names: readonly string[], now = Date.now()): TlsMaterial {
  if (folder === undefined) {
    const authority = makeAuthority(now)
    const server = makeServer(authority, names, now)
    return { ...server, authority: authority.cert, authorityFile: undefined }
  }
  const path = join(folder, 'tls')
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const authorityFile = join(path, 'authority.pem')
  const authority =
    stored(authorityFile, join(path, 'authority.key'), () => true) ??
    keep(makeAuthority(now), authorityFile, join(path, 'authority.key'))
  const good = (cert: X509Certificate): boolean =>
    names.every((name) => (isIP(name) === 0 ? cert.checkHost(name) : cert.checkIP(name)) !== undefined) &&
    cert.checkIssued(new X509Certificate(authority.cert)) &&
    Date.parse(cert.validTo) - now > 30 * DAY_MS
  const serverFile = join(path, 'server.pem')
  const serverKey = join(path, 'server.key')
  const server = stored(serverFile, serverKey, good) ?? keep(makeServer(authority, names, now), serverFile, serverKey)
  return { ...server, authority: authority.cert, authorityFile }
}

interface Pair {
  key: string
  cert: string
}

function stored(certFile: string, keyFile: string, good: (cert: X509Certificate) => boolean): Pair | undefined {
  if (!existsSync(certFile) || !existsSync(keyFile)) return undefined
  const pair = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  try {
    return good(new X509Certificate(pair.cert)) ? pair : undefined
  } catch {
    return undefined
  }
}

function keep(pair: Pair, certFile: string, keyFile: string): Pair {
  writeFileSync(keyFile, pair.key, { mode: 0o600 })
  writeFileSync(certFile, pair.cert)
  return pair
}

function makeAuthority(now: number): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = `Sidestage local authority ${randomBytes(4).toString('hex')}`
  const cert = certificate({
    subject: name,
    issuer: name,
    publicKey,
    signWith: privateKey,
    from: now - DAY_MS,
    to: now + AUTHORITY_DAYS * DAY_MS,
    extensions: [
      extension('2.5.29.19', true, sequence(BOOLEAN_TRUE, integer(Buffer.from([0])))), // basicConstraints: CA, path length 0
      extension('2.5.29.15', true, der(0x03, Buffer.from([1, 0b0000_0110]))), // keyUsage: keyCertSign, cRLSign
    ],
  })
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, cert }
}

function makeServer(authority: Pair, names: readonly string[], now: number): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const cert = certificate({
    subject: 'localhost',
    issuer: commonNameOf(authority.cert),
    publicKey,
    signWith: createPrivateKey(authority.key),
    from: now - DAY_MS,
    to: now + SERVER_DAYS * DAY_MS,
    extensions: [
      extension('2.5.29.19', true, sequence()), // basicConstraints: no CA
      extension('2.5.29.15', true, der(0x03, Buffer.from([7, 0b1000_0000]))), // keyUsage: digitalSignature
      extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
      extension('2.5.29.17', false, sequence(...names.map(alternativeName))), // subjectAltName
    ],
  })
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, cert }
}

function commonNameOf(pem: string): string {
  return /CN=([^\n]+)/.exec(new X509Certificate(pem).subject)?.[1] ?? ''
}

interface CertificateFields {
  subject: string
  issuer: string
  publicKey: KeyObject
  signWith: KeyObject
  from: number
  to: number
  extensions: Buffer[]
}

/** An X.509 v3 certificate (RFC 5280), signed with ECDSA and SHA-256. */
function certificate(fields: CertificateFields): string {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x01
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    commonName(fields.issuer),
    sequence(time(fields.from), time(fields.to)),
    commonName(fields.subject),
    createPublicKey(fields.publicKey.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...fields.extensions)),
  )
  const signature = sign('sha256', toBeSigned, fields.signWith)
  const bytes = sequence(toBeSigned, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`
}

const BOOLEAN_TRUE = Buffer.from([0x01, 0x01, 0xff])

/** One value in DER: tag, length, content (ITU-T X.690). */
function der(tag: number, content: Buffer): Buffer {
  const size = content.length
  const length =
    size < 0x80
      ? Buffer.from([size])
      : size < 0x100
        ? Buffer.from([0x81, size])
        : Buffer.from([0x82, size >> 8, size & 0xff])
  return Buffer.concat([Buffer.from([tag]), length, content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes)
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const digits = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return der(0x06, Buffer.from(bytes))
}

function time(at: number): Buffer {
  const text = `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  // RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text))
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))))
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [BOOLEAN_TRUE] : []), der(0x04, value))
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 0) return der(0x82, Buffer.from(name))
  return der(0x87, isIP(name) === 4 ? Buffer.from(name.split('.').map(Number)) : ipv6Bytes(name))
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}
