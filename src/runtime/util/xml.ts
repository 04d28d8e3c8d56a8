import { failure, mismatch, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { jsonText, newMap, type PlainMap } from './values.ts'

/** How deep elements may be nested. */
const MAX_DEPTH = 200

const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
])

/**
 * An XML text as a map, by the rules of org.json's `XML.toJSONObject`: an element is a member, repeated ones a list,
 * attributes are members beside the child elements, text beside them is `content`, an empty element is "", and texts that
 * read as numbers, booleans or null are those. Document types and their entities are refused.
 */
export function xmlToMap(environment: UtilEnvironment, text: string): PlainMap {
  return new XmlReader(environment, text).document()
}

class XmlReader {
  private readonly environment: UtilEnvironment
  private readonly text: string
  private position = 0

  constructor(environment: UtilEnvironment, text: string) {
    this.environment = environment
    this.text = text
  }

  document(): PlainMap {
    const result = newMap()
    while (this.position < this.text.length) {
      const start = this.text.indexOf('<', this.position)
      if (start < 0) break
      this.position = start
      if (this.skipMarkup()) continue
      this.element(result, 0)
    }
    return result
  }

  private fail(description: string): never {
    throw failure(`${description} at ${this.position} [character ${this.position + 1} line 1]`)
  }

  /** Comments, processing instructions and declarations; true when there was one. */
  private skipMarkup(): boolean {
    if (this.text.startsWith('<!--', this.position)) return this.skipPast('-->', 'Unclosed comment')
    if (this.text.startsWith('<?', this.position)) return this.skipPast('?>', 'Unclosed processing instruction')
    if (this.text.startsWith('<!', this.position) && !this.text.startsWith('<![CDATA[', this.position)) {
      this.fail('Document type declarations are not supported')
    }
    return false
  }

  private skipPast(end: string, problem: string): true {
    const at = this.text.indexOf(end, this.position)
    if (at < 0) this.fail(problem)
    this.environment.charge((at - this.position) >> 3)
    this.position = at + end.length
    return true
  }

  private element(into: PlainMap, depth: number): void {
    if (depth > MAX_DEPTH) this.fail('Elements nested too deeply')
    this.environment.charge(4)
    this.environment.allocate(64)
    this.position++
    const name = this.name()
    const members = newMap()
    let isNil = false
    for (;;) {
      this.skipSpace()
      const character = this.text[this.position]
      if (character === '>' || character === '/') break
      const [attribute, value] = this.attribute()
      if (attribute === 'xsi:nil' && value === 'true') isNil = true
      else put(members, attribute, value)
    }
    if (this.text[this.position] === '/') {
      if (this.text[this.position + 1] !== '>') this.fail('Misshaped tag')
      this.position += 2
    } else {
      this.position++
      this.content(name, members, depth)
    }
    const keys = Object.keys(members)
    if (isNil) put(into, name, null)
    else if (keys.length === 0) put(into, name, '')
    else if (keys.length === 1 && keys[0] === 'content') put(into, name, members['content'])
    else put(into, name, members)
  }

  private content(name: string, members: PlainMap, depth: number): void {
    for (;;) {
      const next = this.text.indexOf('<', this.position)
      if (next < 0) this.fail(`Unclosed tag ${name}`)
      const raw = this.text.slice(this.position, next)
      this.environment.charge(raw.length >> 2)
      const trimmed = raw.trim()
      if (trimmed !== '') put(members, 'content', typed(this.unescape(trimmed)))
      this.position = next
      if (this.text.startsWith('</', next)) {
        this.position += 2
        const closing = this.name()
        if (closing !== name) this.fail(`Mismatched ${name} and ${closing}`)
        this.skipSpace()
        if (this.text[this.position] !== '>') this.fail('Misshaped close tag')
        this.position++
        return
      }
      if (this.text.startsWith('<![CDATA[', next)) {
        const end = this.text.indexOf(']]>', next)
        if (end < 0) this.fail('Unclosed CDATA')
        const data = this.text.slice(next + 9, end)
        if (data !== '') put(members, 'content', data)
        this.position = end + 3
      } else if (!this.skipMarkup()) this.element(members, depth + 1)
    }
  }

  private name(): string {
    const start = this.position
    while (this.position < this.text.length && !/[\s/>=<"']/.test(this.text[this.position] as string)) this.position++
    if (this.position === start) this.fail('Misshaped element')
    return this.text.slice(start, this.position)
  }

  private attribute(): [name: string, value: unknown] {
    if (this.position >= this.text.length) this.fail('Misshaped element')
    const name = this.name()
    this.skipSpace()
    if (this.text[this.position] !== '=') return [name, '']
    this.position++
    this.skipSpace()
    const quote = this.text[this.position]
    if (quote !== '"' && quote !== "'") this.fail('Missing value')
    const end = this.text.indexOf(quote, this.position + 1)
    if (end < 0) this.fail('Unterminated string')
    const raw = this.text.slice(this.position + 1, end)
    this.position = end + 1
    if (name === 'xsi:nil') return [name, raw]
    return [name, typed(this.unescape(raw))]
  }

  private skipSpace(): void {
    while (this.position < this.text.length && /\s/.test(this.text[this.position] as string)) this.position++
  }

  private unescape(text: string): string {
    if (!text.includes('&')) return text
    return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w{1,10});/g, (whole, entity: string) => {
      if (!entity.startsWith('#')) return ENTITIES.get(entity) ?? whole
      const code = entity[1] === 'x' ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1))
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    })
  }
}

/** Adds a member; a second one of the name makes a list. */
function put(members: PlainMap, name: string, value: unknown): void {
  if (!Object.hasOwn(members, name)) members[name] = value
  else if (Array.isArray(members[name])) members[name].push(value)
  else members[name] = [members[name], value]
}

/** Texts as org.json's `stringToValue` takes them. */
function typed(text: string): unknown {
  const lower = text.toLowerCase()
  if (lower === 'true') return true
  if (lower === 'false') return false
  if (lower === 'null') return null
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text)
    // Numbers that would not print as they came stay texts: their digits count.
    if (Number.isFinite(value) && (Number.isSafeInteger(value) || !/^-?\d+$/.test(text)) && text !== '-0') return value
  }
  return text
}

const toMap: UtilFunction = (environment, args) => {
  const [text] = args
  if (args.length !== 1 || typeof text !== 'string') return mismatch(environment)
  return xmlToMap(environment, text)
}

/** The map as JSON text; with `true` as second argument that text once more as a JSON string. */
const toJsonString: UtilFunction = (environment, args) => {
  const [text, isEncoded] = args
  if (args.length > 2 || typeof text !== 'string' || (args.length === 2 && typeof isEncoded !== 'boolean')) {
    return mismatch(environment)
  }
  const json = jsonText(environment, xmlToMap(environment, text))
  return isEncoded === true ? jsonText(environment, json) : json
}

export const xml = { toMap, toJsonString } satisfies Record<string, UtilFunction>
