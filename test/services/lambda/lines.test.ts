import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { onLines } from '../../../src/services/lambda/lines.ts'

async function linesOf(chunks: (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = []
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  onLines(stream, (line) => lines.push(line))
  await new Promise((done) => stream.once('end', done))
  return lines
}

it('tells lines however they are cut', async () => {
  const snowman = Buffer.from('☃')
  expect(await linesOf(['a', 'b\nc\r', '\n\n', snowman.subarray(0, 1), snowman.subarray(1), 'last'])).toEqual([
    'ab',
    'c',
    '',
    '☃last',
  ])
})

it('holds no line without end', async () => {
  const stream = new Readable({ read() {} })
  const sizes: number[] = []
  onLines(stream, (line) => sizes.push(line.length))
  for (let time = 0; time < 16; time++) stream.push(Buffer.alloc(65_536, 0x78))
  await new Promise((done) => setImmediate(done))
  expect(sizes).toEqual([262_144, 262_144, 262_144])
  stream.push(null)
  await new Promise((done) => stream.once('end', done))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(16 * 65_536)
})
