import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { foreignRequest } from '../../src/http/origin.ts'

const ask = (host: string | undefined, origin?: string, own = '127.0.0.1'): boolean =>
  foreignRequest({ headers: { host, origin } } as IncomingMessage, own) === undefined

describe('a request may reach the AWS APIs', () => {
  it.each([
    ['127.0.0.1:4000', undefined],
    ['localhost:4000', undefined],
    ['sync-localhost:4000', undefined],
    ['[::1]:4000', undefined],
    ['api.localhost:4000', undefined],
    ['states.us-east-1.amazonaws.com', undefined],
    ['sync-states.eu-central-1.amazonaws.com', undefined],
    ['127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ['localhost:4000', 'https://localhost:4000'],
    [undefined, undefined],
  ])('with the host %s and the origin %s', (host, origin) => expect(ask(host, origin)).toBe(true))
})

describe('a request may not', () => {
  it.each([
    ['attacker.example', undefined],
    ['attacker.example:4000', 'http://attacker.example:4000'],
    ['127.0.0.1.attacker.example', undefined],
    ['ec2-1-2-3-4.compute.amazonaws.com', undefined],
    ['bucket.s3.amazonaws.com', undefined],
    ['127.0.0.1:4000', 'http://attacker.example'],
    ['127.0.0.1:4000', 'null'],
    ['127.0.0.1:4000', 'http://localhost:3000'],
    ['127.0.0.1:4000', 'http://127.0.0.1.attacker.example:4000'],
  ])('with the host %s and the origin %s', (host, origin) => expect(ask(host, origin)).toBe(false))
})

describe('a server that listens on every address', () => {
  it.each([
    ['sidestage:4000', undefined],
    ['192.168.1.5:4000', undefined],
    ['sidestage:4000', 'http://sidestage:4000'],
  ])('has the name that it is called by: host %s, origin %s', (host, origin) => {
    for (const own of ['0.0.0.0', '::', '[::]']) expect(ask(host, origin, own)).toBe(true)
  })

  it.each([
    ['sidestage:4000', 'http://attacker.example'],
    ['sidestage:4000', 'http://attacker.example:4000'],
    ['sidestage:4000', 'http://sidestage:3000'],
  ])('takes no calls of other pages: host %s, origin %s', (host, origin) => {
    expect(ask(host, origin, '0.0.0.0')).toBe(false)
  })
})
