import { inflateRawSync } from 'node:zlib'

export interface ZipEntry {
  /** As in the archive; folders end with a slash. */
  name: string
  executable: boolean
  content(): Uint8Array
}

const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const LOCAL_ENTRY = 0x04034b50
const MAX_COMMENT = 65_535
const MAX_ENTRIES = 100_000

/**
 * Reads the entries of a zip archive (stored and deflated; PKWARE APPNOTE 4.3).
 * @param maxBytes Limit of all unpacked content together.
 */
export function unzip(archive: Uint8Array, maxBytes: number): ZipEntry[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength)
  const end = findEnd(bytes)
  const count = bytes.readUInt16LE(end + 10)
  let at = bytes.readUInt32LE(end + 16)
  if (count > MAX_ENTRIES) throw new Error('it has too many entries')
  const entries: ZipEntry[] = []
  let total = 0
  for (let index = 0; index < count; index++) {
    if (bytes.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('its directory is damaged')
    const method = bytes.readUInt16LE(at + 10)
    const packed = bytes.readUInt32LE(at + 20)
    const size = bytes.readUInt32LE(at + 24)
    const nameLength = bytes.readUInt16LE(at + 28)
    const mode = bytes.readUInt32LE(at + 38) >>> 16
    const local = bytes.readUInt32LE(at + 42)
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
    total += size
    if (total > maxBytes) throw new Error(`it unpacks to more than ${maxBytes} bytes`)
    entries.push({
      name,
      executable: (mode & 0o111) !== 0,
      content: () => contentAt(bytes, local, method, packed, size),
    })
  }
  return entries
}

function findEnd(bytes: Buffer): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - MAX_COMMENT); at--) {
    if (bytes.readUInt32LE(at) === END_OF_DIRECTORY) return at
  }
  throw new Error('it is no zip archive')
}

function contentAt(bytes: Buffer, local: number, method: number, packed: number, size: number): Uint8Array {
  if (bytes.readUInt32LE(local) !== LOCAL_ENTRY) throw new Error('an entry is damaged')
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const data = bytes.subarray(start, start + packed)
  if (method === 0) return data
  if (method === 8) return inflateRawSync(data, { maxOutputLength: Math.max(size, 1) })
  throw new Error(`an entry is packed with method ${method}, which is not supported`)
}
