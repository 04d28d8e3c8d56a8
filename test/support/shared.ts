import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const SHARED = process.env['SIDESTAGE_SHARED'] ?? resolve(import.meta.dirname, '../../../shared')

/** Whether the shared material (recorded cases, vectors, samples) is on this machine; tests over it skip without it. */
export const hasShared = existsSync(SHARED)

/** Path inside the shared material. */
export function sharedPath(...parts: string[]): string {
  return join(SHARED, ...parts)
}
