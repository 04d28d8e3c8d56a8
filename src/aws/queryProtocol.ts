import type { ServiceModel, Shape, ShapeMember } from './model.ts'

/** The query protocol: forms in, XML out (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). */

/** An operation's input as the form that the protocol sends. */
export function queryForm(model: ServiceModel, operation: string, input: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams({ Action: operation, Version: String(model.metadata['apiVersion']) })
  const shape = model.operations[operation]?.input?.shape
  if (shape !== undefined) write(model, shape, input, '', form)
  return form.toString()
}

function write(model: ServiceModel, shapeName: string, value: unknown, path: string, form: URLSearchParams): void {
  const shape = model.shapes[shapeName]
  if (shape === undefined || value === undefined || value === null) return
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
  if (shape.type === 'structure' && isObject(value)) {
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      if (Object.hasOwn(value, name)) write(model, member.shape, value[name], below(wireName(name, member)), form)
    }
  } else if (shape.type === 'list' && Array.isArray(value)) {
    const name = wireName('member', shape.member)
    for (const [index, item] of value.entries())
      write(model, shape.member?.shape ?? '', item, below(`${name}.${index + 1}`), form)
  } else if (shape.type === 'map' && isObject(value)) {
    for (const [index, [key, item]] of Object.entries(value).entries()) {
      const entry = below(`entry.${index + 1}`)
      form.append(`${entry}.${wireName('key', shape.key)}`, key)
      write(model, shape.value?.shape ?? '', item, `${entry}.${wireName('value', shape.value)}`, form)
    }
  } else form.append(path, typeof value === 'object' ? JSON.stringify(value) : String(value))
}

/** The output in an operation's answer. Throws a `SyntaxError` on what is no XML. */
export function queryResult(model: ServiceModel, operation: string, xml: string): Record<string, unknown> {
  const output = model.operations[operation]?.output
  const answer = parseXml(xml)
  if (output === undefined) return {}
  const result = output.resultWrapper === undefined ? answer : childOf(answer, output.resultWrapper)
  if (result === undefined) throw new SyntaxError(`the answer has no ${output.resultWrapper}`)
  return read(model, output.shape, result) as Record<string, unknown>
}

/** What a refusal says; its members are empty where the text is no such refusal. */
export function queryRefusal(xml: string): { code: string; message: string; requestId: string } {
  let answer: Element | undefined
  try {
    answer = parseXml(xml)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const error = answer && childOf(answer, 'Error')
  const text = (parent: Element | undefined, name: string): string => (parent && childOf(parent, name)?.text) ?? ''
  return { code: text(error, 'Code'), message: text(error, 'Message'), requestId: text(answer, 'RequestId') }
}

function read(model: ServiceModel, shapeName: string, element: Element): unknown {
  const shape: Shape | undefined = model.shapes[shapeName]
  switch (shape?.type) {
    case 'structure': {
      const made: Record<string, unknown> = {}
      for (const [name, member] of Object.entries(shape.members ?? {})) {
        const found = childOf(element, wireName(name, member))
        if (found !== undefined) made[name] = read(model, member.shape, found)
      }
      return made
    }
    case 'list':
      return element.children.map((item) => read(model, shape.member?.shape ?? '', item))
    case 'map': {
      const made: Record<string, unknown> = Object.create(null)
      for (const entry of element.children) {
        const key = childOf(entry, wireName('key', shape.key))?.text ?? ''
        const value = childOf(entry, wireName('value', shape.value))
        if (value !== undefined) made[key] = read(model, shape.value?.shape ?? '', value)
      }
      return made
    }
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return Number(element.text)
    case 'boolean':
      return element.text === 'true'
    default:
      return element.text
  }
}

function wireName(name: string, member: ShapeMember | undefined): string {
  return member?.locationName ?? name
}

function childOf(element: Element, name: string): Element | undefined {
  return element.children.find((child) => child.name === name)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface Element {
  name: string
  text: string
  children: Element[]
}

const MARKUP = /<(?:!\[CDATA\[([\s\S]*?)\]\]>|!--[\s\S]*?-->|\?[\s\S]*?\?>|(\/?)([\w.:-]+)[^<>]*?(\/?)>)/y
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' }

/** Elements and their texts: attributes and namespaces say nothing in this protocol. No document types. */
function parseXml(xml: string): Element {
  const root: Element = { name: '', text: '', children: [] }
  const open = [root]
  let at = 0
  while (at < xml.length) {
    const next = xml.indexOf('<', at)
    const current = open.at(-1) as Element
    current.text += withoutEntities(xml.slice(at, next < 0 ? xml.length : next))
    if (next < 0) break
    MARKUP.lastIndex = next
    const match = MARKUP.exec(xml)
    if (match === null) throw new SyntaxError(`no XML at character ${next}`)
    at = MARKUP.lastIndex
    const [, data, isEnd, name, isEmpty] = match
    if (data !== undefined) current.text += data
    if (name === undefined) continue
    if (isEnd === '/') {
      if (current.name !== name || open.length === 1) throw new SyntaxError(`</${name}> ends nothing`)
      open.pop()
    } else {
      const element: Element = { name, text: '', children: [] }
      current.children.push(element)
      if (isEmpty !== '/') open.push(element)
    }
  }
  const [top] = root.children
  if (top === undefined || open.length > 1) throw new SyntaxError('the XML ends early')
  return top
}

function withoutEntities(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] as string) : whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
