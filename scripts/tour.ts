/** Draws docs/tour.svg: the README's tour as a terminal shows it, from a real run of the sample project. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const KEY = 'da2-ordersample0000000000000000'
const COLUMNS = 100

const data = mkdtempSync(join(tmpdir(), 'sidestage-tour-'))
const lines: { text: string; kind: 'command' | 'output' | 'event' }[] = []
const show = (kind: 'command' | 'output' | 'event', text: string): void => {
  for (const line of text.split('\n'))
    lines.push({ kind, text: line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line })
}

const server = spawn(process.execPath, ['src/cli.ts', 'start', '.', '--data', data, '--port', '4000'], {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'inherit'],
})
const greeting = await new Promise<string>((done) => server.stdout.setEncoding('utf8').once('data', done))
show('command', 'npm start')
show(
  'output',
  greeting
    .split('\n')
    .filter((line) => line !== '' && !line.includes('TLS') && !line.includes('curl'))
    .join('\n'),
)

const url = 'http://127.0.0.1:4000/graphql'
interface Answer {
  data: { placeOrder: { id: string }; order: { status: string } }
}

async function query(text: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ query: text }),
  })
  return (await response.json()) as Answer
}
async function step(text: string): Promise<Answer> {
  show('command', `q '${text}'`)
  const answer = await query(text)
  show('output', JSON.stringify(answer))
  return answer
}

try {
  await step('mutation { addGood(input: {id: "tea", name: "Green tea"}) { name stock { available } } }')
  const placed = await step(
    'mutation { placeOrder(input: {customer: "Ada", lines: [{goodId: "tea", quantity: 2}]}) { id status } }',
  )
  const { id } = placed.data.placeOrder
  for (let status = ''; status !== 'CHARGED'; ) {
    const answer = await query(`{ order(id: "${id}") { status } }`)
    status = answer.data.order.status
  }
  const short = id.slice(0, 8)
  show('command', `q '{ order(id: "${short}…") { status } }'          # the workflow waits for its task token`)
  show('output', JSON.stringify(await query(`{ order(id: "${id}") { status } }`)))
  show(
    'command',
    `curl -sN ${url} -H 'accept: text/event-stream' … 'subscription { onOrderChanged { id status reason } }' &`,
  )
  const stream = await fetch(url, {
    method: 'POST',
    headers: { 'x-api-key': KEY, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: '{"query":"subscription { onOrderChanged { id status reason } }"}',
  })
  const reader = stream.body?.getReader()
  show('command', `q 'mutation { approveOrder(id: "${short}…", approved: true, reason: "fine") { id } }'`)
  const approved = query(`mutation { approveOrder(id: "${id}", approved: true, reason: "fine") { id } }`)
  show('output', JSON.stringify(await approved))
  for (let text = ''; reader !== undefined; ) {
    text += Buffer.from((await reader.read()).value ?? []).toString('utf8')
    const event = /data: (\{.*\})/.exec(text)?.[1]
    if (event === undefined) continue
    show('event', `event: next\ndata: ${event}`)
    break
  }
  await reader?.cancel()
} finally {
  server.kill('SIGTERM')
  await new Promise((done) => server.once('exit', done))
  rmSync(data, { recursive: true, force: true })
}

const COLOURS = { command: '#e6edf3', output: '#9fb0c0', event: '#7ee787' }
const LINE_HEIGHT = 20
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const height = lines.length * LINE_HEIGHT + 64
const rows = lines.map(({ kind, text }, index) => {
  const prompt = kind === 'command' ? '<tspan fill="#58a6ff">$ </tspan>' : '  '
  return `<text x="20" y="${56 + index * LINE_HEIGHT}" fill="${COLOURS[kind]}" xml:space="preserve">${prompt}${escaped(text)}</text>`
})
writeFileSync(
  join(ROOT, 'docs/tour.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13.5" role="img" aria-label="A terminal: an order is placed, its workflow waits, the order is approved, and a subscriber hears of it">
<rect width="920" height="${height}" rx="10" fill="#0d1117"/>
<circle cx="24" cy="20" r="6" fill="#ff5f57"/><circle cx="44" cy="20" r="6" fill="#febc2e"/><circle cx="64" cy="20" r="6" fill="#28c840"/>
${rows.join('\n')}
</svg>
`,
)
console.log('wrote docs/tour.svg')
