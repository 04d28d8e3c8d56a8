// What every client does, by its own means: each step is printed as a line of JSON.
export const QUERY = '{ todo(id: "1") { id text } }'
export const MUTATION =
  'mutation Add($id: ID!, $owner: String) { addTodo(id: $id, text: "t", owner: $owner) { id text owner } }'
export const SUBSCRIPTION = 'subscription OnAdd($owner: String) { onAddTodo(owner: $owner) { id text } }'
export const endpoint = process.env.ENDPOINT

const withoutTypes = (value) =>
  JSON.parse(JSON.stringify(value ?? null, (key, item) => (key === '__typename' ? undefined : item)))
const tell = (step, value) => console.log(JSON.stringify({ step, value: withoutTypes(value) }))

async function subscriptionsOnServer(count) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const metrics = await (await fetch(new URL('/metrics', endpoint))).text()
    if (metrics.includes(`\nsidestage_subscriptions ${count}\n`)) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`the server never had ${count} subscriptions`)
}

/**
 * @param make (apiKey) => { query(), mutate(variables), subscribe(variables, next, failed) → stop }, results without envelope
 */
export async function play(make) {
  const client = make(process.env.API_KEY)
  tell('query', await client.query())
  tell('mutation', await client.mutate({ id: '9', owner: null }))
  const events = []
  let received
  const first = new Promise((done) => {
    received = done
  })
  const stop = client.subscribe(
    { owner: 'me' },
    (value) => {
      events.push(value)
      received()
    },
    (error) => tell('failed', String(error)),
  )
  await subscriptionsOnServer(1)
  await client.mutate({ id: '1', owner: 'them' })
  await client.mutate({ id: '2', owner: 'me' })
  await first
  stop()
  await subscriptionsOnServer(0)
  await client.mutate({ id: '3', owner: 'me' })
  tell('events', events)
  const refused = await make('da2-wrong')
    .query()
    .then(
      () => 'accepted',
      () => 'refused',
    )
  tell('wrong key', refused)
  process.exit(0)
}
