// Drives aws-amplify in every authorization mode, its own signIn included. Prints what each step answered, as JSON lines.
// Run with BASE, API_KEY, POOL, CLIENT, IDENTITIES, OIDC_TOKEN and NODE_EXTRA_CA_CERTS.
import { Amplify } from 'aws-amplify'
import { generateClient } from 'aws-amplify/api'
import { fetchAuthSession, signIn } from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'

ConsoleLogger.LOG_LEVEL = 'ERROR'
const { BASE, API_KEY, POOL, CLIENT, IDENTITIES, OIDC_TOKEN } = process.env
const config = {
  API: { GraphQL: { endpoint: `${BASE}/graphql`, region: 'us-east-1', defaultAuthMode: 'apiKey', apiKey: API_KEY } },
  Auth: {
    Cognito: {
      userPoolId: POOL,
      userPoolClientId: CLIENT,
      userPoolEndpoint: BASE,
      identityPoolId: IDENTITIES,
      identityPoolEndpoint: BASE,
    },
  },
}
Amplify.configure(config)
const client = generateClient()
const tell = (step, value) => console.log(JSON.stringify({ step, value }))
const ask = async (step, options, query = '{ key iam other pool editors oidc lambda }') => {
  try {
    tell(step, await client.graphql({ query, ...options }))
  } catch (error) {
    tell(step, { data: error.data, errors: error.errors ?? [{ message: String(error) }] })
  }
}

tell('signIn', await signIn({ username: 'ada', password: 'Lovelace-1815' }))
const session = await fetchAuthSession()
tell('session', { groups: session.tokens.accessToken.payload['cognito:groups'], identityId: session.identityId })

await ask('apiKey', { authMode: 'apiKey' })
await ask('userPool', { authMode: 'userPool' })
await ask('iam', { authMode: 'iam' })
await ask('lambda', { authMode: 'lambda', authToken: 'customer-acme' })
await ask('lambda refused', { authMode: 'lambda', authToken: 'nobody' })
await ask('wrong key', { authMode: 'apiKey', apiKey: 'da2-wrong' })
const SAY = 'mutation Say($text: String!) { say(text: $text) { text secret } }'
await ask('denied by a policy', { authMode: 'iam', variables: { text: 'hello' } }, SAY)
await ask(
  'denied by an authorizer',
  { authMode: 'lambda', authToken: 'customer-acme', variables: { text: 'hello' } },
  SAY,
)

for (const authMode of ['apiKey', 'userPool', 'iam']) {
  const heard = new Promise((resolve, reject) => {
    client
      .graphql({ query: 'subscription { onSaid { text } }', authMode })
      .subscribe({ next: ({ data }) => resolve(data.onSaid), error: (error) => reject(JSON.stringify(error)) })
  })
  heard.catch(() => {})
  let done = false
  heard
    .finally(() => {
      done = true
    })
    .catch(() => {})
  // A mutation that comes before the subscription is acknowledged is not heard: it is said again until it is.
  for (let attempt = 0; attempt < 100 && !done; attempt++) {
    await client.graphql({ query: 'mutation Say { say(text: "hello") { text } }', authMode: 'apiKey' })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  tell(`heard by ${authMode}`, await heard.catch((error) => ({ error: String(error) })))
}

Amplify.configure(config, {
  Auth: {
    tokenProvider: {
      getTokens: async () => ({
        accessToken: { payload: JSON.parse(atob(OIDC_TOKEN.split('.')[1])), toString: () => OIDC_TOKEN },
      }),
    },
  },
})
await ask('oidc', { authMode: 'oidc' })
process.exit(0)
