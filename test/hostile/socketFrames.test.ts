import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  closePayload,
  connectRaw,
  encodeFrame,
  OPCODE,
  type RawFrame,
  type ReceivedFrame,
} from '../support/rawSocket.ts'
import { startRealtime } from '../support/realtimeFixture.ts'

// The cases of the Autobahn test suite's fuzzing client, by its numbers (sections 1 to 7, 9 and 10; 12 and 13 are of
// compression, which is never agreed on here). Its server echoes; here every text message that says nothing is answered
// with an error message that has the id given, which shows what was read.

let server: Awaited<ReturnType<typeof startRealtime>>
beforeAll(async () => {
  server = await startRealtime()
})
afterAll(() => server.close())

/** What a client gets for its frames: the ids of answers, `pong:` payloads, then `close:` and its code. */
async function exchange(frames: readonly (RawFrame | Buffer)[], cut?: number): Promise<string[]> {
  const client = await connectRaw(server.port)
  const bytes = Buffer.concat(frames.map((frame) => (Buffer.isBuffer(frame) ? frame : encodeFrame(frame))))
  if (cut === undefined) client.write(bytes)
  else {
    for (let at = 0; at < bytes.length; at += cut) {
      client.write(bytes.subarray(at, at + cut))
      await new Promise((next) => setImmediate(next))
    }
  }
  // Shows that the connection lives; what is not read any more after a close or a failure does no harm.
  client.write({ opcode: OPCODE.text, payload: said('the end') })
  const got: string[] = []
  for (;;) {
    const frame = await client.next()
    if (frame === undefined) break
    const text = described(frame)
    if (text === 'the end') break
    got.push(text)
  }
  client.socket.destroy()
  return got
}

function described({ opcode, payload }: ReceivedFrame): string {
  if (opcode === OPCODE.pong) return `pong:${payload.toString('latin1')}`
  if (opcode === OPCODE.close) return `close:${payload.length === 0 ? '' : payload.readUInt16BE()}`
  const { id, payload: given } = JSON.parse(payload.toString('utf8'))
  return id ?? given.errors[0].message
}

/** A message that is answered with its id. */
const said = (id: string): string => JSON.stringify({ type: 'nothing', id })
const text = (payload: string | Buffer, more: Partial<RawFrame> = {}): RawFrame => ({
  opcode: OPCODE.text,
  payload,
  ...more,
})
const more = (payload: string | Buffer, fin = true): RawFrame => ({ opcode: OPCODE.continuation, payload, fin })
const ping = (payload: string | Buffer = '', given: Partial<RawFrame> = {}): RawFrame => ({
  opcode: OPCODE.ping,
  payload,
  ...given,
})
const close = (payload: string | Buffer = '', given: Partial<RawFrame> = {}): RawFrame => ({
  opcode: OPCODE.close,
  payload,
  ...given,
})
const NOT_UTF8 = Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex')
const GREEK = 'κόσμε'
const halves = (payload: string): [string, string] => [payload.slice(0, 9), payload.slice(9)]
const [HALF, REST] = halves(said('a'))
const greek = Buffer.from(said(GREEK))
/** In the middle of a character of several bytes. */
const inside = greek.indexOf('κ') + 1

const CASES: [id: string, what: string, frames: (RawFrame | Buffer)[], answer: string[]][] = [
  ['1.1.1', 'an empty text', [text('')], ['The message is not JSON.']],
  ...[100, 125 - 24, 126 - 24, 127 - 24, 128 - 24, 1_000, 65_535 - 24, 65_536 - 24, 65_536].map(
    (length, n): (typeof CASES)[number] => [
      `1.1.${n + 2}`,
      `a text of ${length} and what is around it`,
      [text(JSON.stringify({ type: 'nothing', id: 'a', x: 'x'.repeat(length) }))],
      ['a'],
    ],
  ),
  ['1.2.1', 'an empty binary message', [{ opcode: OPCODE.binary }], ['Messages are text.']],
  [
    '1.2.8',
    'a binary message of 64 KB',
    [{ opcode: OPCODE.binary, payload: Buffer.alloc(65_536, 0xfe) }],
    ['Messages are text.'],
  ],
  ['2.1', 'an empty ping', [ping()], ['pong:']],
  ['2.2', 'a ping with text', [ping('Hello')], ['pong:Hello']],
  [
    '2.3',
    'a ping with bytes that are no text',
    [ping(Buffer.from('00fffefdfcfb00ff', 'hex'))],
    ['pong:\x00ÿþýüû\x00ÿ'],
  ],
  ['2.4', 'a ping of 125 bytes', [ping(Buffer.alloc(125, 0xfe))], [`pong:${'þ'.repeat(125)}`]],
  ['2.5', 'a ping of 126 bytes', [ping(Buffer.alloc(126, 0xfe))], ['close:1002']],
  ['2.7', 'an unasked pong', [{ opcode: OPCODE.pong }], []],
  ['2.8', 'an unasked pong with text', [{ opcode: OPCODE.pong, payload: 'Hello' }], []],
  ['2.9', 'an unasked pong, then a ping', [{ opcode: OPCODE.pong, payload: 'x' }, ping('Hello')], ['pong:Hello']],
  [
    '2.10',
    'ten pings',
    Array.from({ length: 10 }, (_, n) => ping(`${n}`)),
    Array.from({ length: 10 }, (_, n) => `pong:${n}`),
  ],
  ...[1, 2, 3, 4, 5, 6, 7].map((reserved): (typeof CASES)[number] => [
    `3.${reserved}`,
    `reserved bits ${reserved}`,
    [text(said('a'), { reserved })],
    ['close:1002'],
  ]),
  [
    '3.2',
    'a good text, then one with a reserved bit',
    [text(said('a')), text(said('b'), { reserved: 2 })],
    ['close:1002', 'a'],
  ],
  ['3.5', 'a binary message with a reserved bit', [{ opcode: OPCODE.binary, reserved: 5 }], ['close:1002']],
  ['3.6', 'a ping with a reserved bit', [ping('x', { reserved: 6 })], ['close:1002']],
  ['3.7', 'a close with a reserved bit', [close(closePayload(1000), { reserved: 7 })], ['close:1002']],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): (typeof CASES)[number] => [
    opcode < 8 ? '4.1' : '4.2',
    `opcode ${opcode}`,
    [{ opcode }],
    ['close:1002'],
  ]),
  ...[3, 11].map((opcode): (typeof CASES)[number] => [
    opcode < 8 ? '4.1.3' : '4.2.3',
    `a good text, then opcode ${opcode} with a payload`,
    [text(said('a')), { opcode, payload: 'x' }, ping()],
    ['close:1002', 'a'],
  ]),
  ['5.1', 'a ping in two fragments', [ping('frag', { fin: false }), more('ment')], ['close:1002']],
  ['5.2', 'a pong in two fragments', [{ opcode: OPCODE.pong, fin: false }, more('x')], ['close:1002']],
  ['5.3', 'a text in two fragments', [text(HALF, { fin: false }), more(REST)], ['a']],
  [
    '5.6',
    'a ping between the fragments of a text',
    [text(HALF, { fin: false }), ping('in between'), more(REST)],
    ['pong:in between', 'a'],
  ],
  ['5.9', 'a continuation of nothing', [more('x', true), text(said('a'))], ['close:1002']],
  ['5.12', 'a continuation of nothing that goes on', [more('x', false), text(said('a'))], ['close:1002']],
  [
    '5.15',
    'a whole text, a continuation of nothing, a text',
    [text(HALF, { fin: false }), more(REST), more('x', false), text(said('b'))],
    ['close:1002', 'a'],
  ],
  ['5.18', 'a text before the last one is at its end', [text(HALF, { fin: false }), text(REST)], ['close:1002']],
  [
    '5.19',
    'a text in five fragments with pings between',
    [
      text('{"type":', { fin: false }),
      more('"x","id', false),
      ping('1'),
      more('":"', false),
      more('a', false),
      ping('2'),
      more('"}'),
    ],
    ['pong:1', 'pong:2', 'a'],
  ],
  ['6.1.1', 'an empty text', [text('')], ['The message is not JSON.']],
  [
    '6.1.2',
    'a text of three empty fragments',
    [text('', { fin: false }), more('', false), more('')],
    ['The message is not JSON.'],
  ],
  ['6.1.3', 'a text between empty fragments', [text('', { fin: false }), more(said('a'), false), more('')], ['a']],
  ['6.2.1', 'text of several bytes a character', [text(greek)], [GREEK]],
  [
    '6.2.2',
    'the same in two fragments, between characters',
    [text(greek.subarray(0, inside - 1), { fin: false }), more(greek.subarray(inside - 1))],
    [GREEK],
  ],
  [
    '6.2.3',
    'the same, a byte a fragment',
    [
      ...[...greek.subarray(0, -1)].map((byte, n) =>
        n === 0 ? text(Buffer.from([byte]), { fin: false }) : more(Buffer.from([byte]), false),
      ),
      more(greek.subarray(-1)),
    ],
    [GREEK],
  ],
  ['6.3.1', 'text that is no UTF-8', [text(NOT_UTF8)], ['close:1007']],
  [
    '6.3.2',
    'the same, a byte a fragment',
    [
      ...[...NOT_UTF8].map((byte, n) =>
        n === 0 ? text(Buffer.from([byte]), { fin: false }) : more(Buffer.from([byte]), false),
      ),
      more(''),
    ],
    ['close:1007'],
  ],
  [
    '6.4.1',
    'text that stops being UTF-8 in its second fragment',
    [text(greek.subarray(0, inside), { fin: false }), more(Buffer.from('f4908080', 'hex'), false), more('x')],
    ['close:1007'],
  ],
  ...(
    [
      ['6.6', 'cut after one byte of two', 'ce'],
      ['6.8', 'cut after two bytes of three', 'e1bd'],
      ['6.9', 'cut after three bytes of four', 'f09080'],
      ['6.10', 'a first byte alone', 'fe'],
      ['6.12', 'a continuation byte alone', '80'],
      ['6.13', 'two continuation bytes', '80bf'],
      ['6.14', 'first bytes without what follows', 'c020'],
      ['6.17', 'impossible bytes', 'fefeffff'],
      ['6.18', 'an overlong slash of two', 'c0af'],
      ['6.18', 'an overlong slash of three', 'e080af'],
      ['6.18', 'an overlong slash of four', 'f08080af'],
      ['6.18', 'an overlong slash of five', 'f8808080af'],
      ['6.19', 'an overlong zero', 'c080'],
      ['6.20', 'a high surrogate', 'eda080'],
      ['6.20', 'a low surrogate', 'edb080'],
      ['6.21', 'a pair of surrogates', 'eda080edb080'],
      ['6.16', 'beyond U+10FFFF', 'f4908080'],
      ['6.16', 'a sequence of five', 'f888808080'],
      ['6.16', 'a sequence of six', 'fc8480808080'],
    ] as const
  ).map(([id, what, hex]): (typeof CASES)[number] => [
    id,
    what,
    [text(Buffer.concat([Buffer.from('{"id":"'), Buffer.from(hex, 'hex'), Buffer.from('"}')]))],
    ['close:1007'],
  ]),
  ...[
    '00',
    '7f',
    'c280',
    'dfbf',
    'e0a080',
    'ed9fbf',
    'ee8080',
    'efbfbd',
    'efbfbe',
    'efbfbf',
    'f0908080',
    'f48fbfbf',
  ].map((hex): (typeof CASES)[number] => [
    '6.22',
    `the character ${hex}`,
    [text(said(Buffer.from(hex, 'hex').toString('utf8')))],
    [Buffer.from(hex, 'hex').toString('utf8')],
  ]),
  ['7.1.1', 'a text, then a close', [text(said('a')), close(closePayload(1000))], ['close:1000', 'a']],
  ['7.1.2', 'two closes', [close(closePayload(1000)), close(closePayload(1000))], ['close:1000']],
  ['7.1.3', 'a ping after a close', [close(closePayload(1000)), ping('x')], ['close:1000']],
  ['7.1.4', 'a text after a close', [close(closePayload(1000)), text(said('a'))], ['close:1000']],
  [
    '7.1.5',
    'a close between the fragments of a text',
    [text(HALF, { fin: false }), close(closePayload(1000)), more(REST)],
    ['close:1000'],
  ],
  ['7.3.1', 'an empty close', [close()], ['close:']],
  ['7.3.2', 'a close of one byte', [close(Buffer.from([3]))], ['close:1002']],
  ['7.3.3', 'a close with a code', [close(closePayload(1000))], ['close:1000']],
  ['7.3.4', 'a close with a reason', [close(closePayload(1000, 'Hello'))], ['close:1000']],
  ['7.3.5', 'a close with a reason of 123 bytes', [close(closePayload(1000, '*'.repeat(123)))], ['close:1000']],
  ['7.3.6', 'a close of 126 bytes', [close(closePayload(1000, '*'.repeat(124)))], ['close:1002']],
  ['7.5.1', 'a close whose reason is no UTF-8', [close(closePayload(1000, NOT_UTF8))], ['close:1007']],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3001, 3999, 4000, 4999].map(
    (code): (typeof CASES)[number] => ['7.7', `close code ${code}`, [close(closePayload(code))], [`close:${code}`]],
  ),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999].map((code): (typeof CASES)[number] => [
    '7.9',
    `close code ${code}`,
    [close(closePayload(code))],
    ['close:1002'],
  ]),
  ...[5000, 65_535].map((code): (typeof CASES)[number] => [
    '7.13',
    `close code ${code}`,
    [close(closePayload(code))],
    ['close:1002'],
  ]),
  ['9.1.4', 'a text as large as they may be', [text(`{"id":"a","x":"${'x'.repeat(1024 * 1024 - 17)}"}`)], ['a']],
  ['9.1.5', 'a text one byte larger', [text(`{"id":"a","x":"${'x'.repeat(1024 * 1024 - 16)}"}`)], ['close:1009']],
  [
    '9.3',
    'a text of 1 MB in fragments of 64 bytes',
    fragments(`{"id":"a","x":"${'x'.repeat(1024 * 1024 - 17)}"}`, 64),
    ['a'],
  ],
  [
    '9.3',
    'a text one byte larger in fragments of 4 KB',
    fragments(`{"id":"a","x":"${'x'.repeat(1024 * 1024 - 16)}"}`, 4096),
    ['close:1009'],
  ],
  [
    '10.1.1',
    'a text of 64 KB in fragments of 1,300',
    fragments(`{"id":"a","x":"${'x'.repeat(65_536)}"}`, 1_300),
    ['a'],
  ],
  ['masking', 'a frame without a mask', [text(said('a'), { masked: false })], ['close:1002']],
  ['masking', 'a control frame without a mask', [ping('x', { masked: false })], ['close:1002']],
  ['length', 'a length of 2⁶³', [Buffer.from('81ffffffffffffffffff00000000', 'hex')], ['close:1009']],
  [
    'length',
    'a length of 1 MB + 1 of which nothing comes',
    [Buffer.from('81ff000000000010000100000000', 'hex')],
    ['close:1009'],
  ],
  ['length', 'a ping whose length is in the long form', [ping('x', { lengthBytes: 3 })], ['close:1002']],
]

function fragments(whole: string, size: number): RawFrame[] {
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, n) => {
    const payload = whole.slice(n * size, (n + 1) * size)
    return n === 0 ? text(payload, { fin: false }) : more(payload, n === count - 1)
  })
}

/** A failure may overtake answers of the same tick, which are then not owed any more (RFC 6455 7.1.7). */
const settled = (answer: readonly string[]): string[] => [...answer].sort()

describe.each([
  ['in one piece', undefined],
  ['byte for byte', 1],
] as const)('frames %s', (_name, cut) => {
  const chosen = cut === undefined ? CASES : CASES.filter(([, , frames]) => sizeOf(frames) < 400)
  it.concurrent.each(chosen)('%s: %s', async (_id, _what, frames, answer) => {
    const got = await exchange(frames, cut)
    const failed = got.some((one) => one.startsWith('close:'))
    const owed = failed ? answer.filter((one) => one.startsWith('close:') || got.includes(one)) : answer
    expect(settled(got)).toEqual(settled(owed))
  })
})

function sizeOf(frames: readonly (RawFrame | Buffer)[]): number {
  return frames.reduce((sum, frame) => sum + (Buffer.isBuffer(frame) ? frame.length : encodeFrame(frame).length), 0)
}

it('more than 16,384 fragments of one message close the connection: none of them may be empty for ever', async () => {
  const frames = Array.from({ length: 17_000 }, (_, n) => (n === 0 ? text('', { fin: false }) : more('', false)))
  expect(await exchange(frames)).toEqual(['close:1008'])
})

it('compression is not agreed on', async () => {
  const client = await connectRaw(server.port)
  expect(client.head).not.toMatch(/sec-websocket-extensions/i)
  client.socket.destroy()
})

it('what was sent before them is answered: no case harmed the others', async () => {
  expect(await exchange([text(said('still here'))])).toEqual(['still here'])
})
