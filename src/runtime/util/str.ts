import { mismatch, NO_SUCH_METHOD, type UtilFunction } from './environment.ts'

const FORMS = new Map([
  ['nfc', 'NFC'],
  ['nfd', 'NFD'],
  ['nfkc', 'NFKC'],
  ['nfkd', 'NFKD'],
])

/** `util.str.normalize(text, form)`: the form is nfc, nfd, nfkc or nfkd. */
const normalize: UtilFunction = (environment, [text, form]) => {
  if (typeof text !== 'string' || typeof form !== 'string') return mismatch(environment)
  const known = FORMS.get(form.toLowerCase())
  if (known === undefined) return mismatch(environment)
  environment.charge(text.length)
  const result = text.normalize(known)
  environment.allocate(result.length)
  return result
}

function onText(work: (text: string) => string): UtilFunction {
  return (environment, [text]) => {
    if (typeof text !== 'string') return NO_SUCH_METHOD
    environment.charge(text.length)
    environment.allocate(text.length)
    return work(text)
  }
}

/** `$util.str.toReplace(text, part, replacement)`: every occurrence, both taken as they are. */
const toReplace: UtilFunction = (environment, [text, part, replacement]) => {
  if (typeof text !== 'string' || typeof part !== 'string' || typeof replacement !== 'string') return NO_SUCH_METHOD
  environment.charge(text.length)
  const count = part === '' ? text.length + 1 : text.split(part).length - 1
  environment.allocate(text.length + count * replacement.length)
  return text.replaceAll(part, () => replacement)
}

export const str = { normalize } satisfies Record<string, UtilFunction>

export const vtlStr = {
  normalize,
  toUpper: onText((text) => text.toUpperCase()),
  toLower: onText((text) => text.toLowerCase()),
  toReplace,
} satisfies Record<string, UtilFunction>
