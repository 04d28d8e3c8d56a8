import { readFileSync } from 'node:fs'
import { localTls, type TlsMaterial } from '../http/certificate.ts'
import type { ServerOptions } from './options.ts'

/** Finds or makes the certificate when the first client asks for it; `known` is undefined until then. */
export function createTlsMaterial(
  certificate: ServerOptions['certificate'],
  folder: string | undefined,
  names: readonly string[],
): { get(): TlsMaterial; known(): TlsMaterial | undefined } {
  let made: TlsMaterial | undefined
  return {
    get() {
      made ??=
        certificate === undefined
          ? localTls(folder, names)
          : {
              cert: readFileSync(certificate.cert, 'utf8'),
              key: readFileSync(certificate.key, 'utf8'),
              authority: '',
              authorityFile: undefined,
            }
      return made
    },
    known: () => made,
  }
}
