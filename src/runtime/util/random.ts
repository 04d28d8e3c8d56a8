import { getRandomValues } from 'node:crypto'
import type { UtilEnvironment } from './environment.ts'

/** Bytes from the run's source of chance. */
export function randomBytes(environment: UtilEnvironment, count: number): Uint8Array {
  environment.charge(count)
  const bytes = new Uint8Array(count)
  for (let index = 0; index < count; index++) bytes[index] = Math.floor(environment.random() * 256)
  return bytes
}

const pool = new Uint32Array(512)
let used = pool.length

/** The default source of chance: 0 ≤ x < 1 in 32 bits, from the operating system. */
export function secureRandom(): number {
  if (used === pool.length) {
    getRandomValues(pool)
    used = 0
  }
  return (pool[used++] as number) / 0x1_0000_0000
}
