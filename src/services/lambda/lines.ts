import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A longer line is told in pieces of this many characters, so that one function cannot fill the server's memory. */
const MAX_LINE = 256 * 1024

/** Tells each line of a stream, the last one too when nothing ends it. */
export function onLines(stream: Readable, tell: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string): void => {
    const lines = (rest + text).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) tellPieces(line)
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) tell(rest.slice(0, MAX_LINE))
  }
  const tellPieces = (line: string): void => {
    let left = line
    for (; left.length > MAX_LINE; left = left.slice(MAX_LINE)) tell(left.slice(0, MAX_LINE))
    tell(left)
  }
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)))
  stream.on('end', () => {
    take(decoder.end())
    if (rest !== '') tell(rest)
    rest = ''
  })
  stream.on('error', () => {})
}
