// dynalite in memory, the tables of the yoga server.
import type { AddressInfo } from 'node:net'
// @ts-expect-error dynalite has no types
import dynalite from 'dynalite'

const server = dynalite({ createTableMs: 0 })
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`))
