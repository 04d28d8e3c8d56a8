import type { ProjectContext } from '../projectContext.ts'
import { emptyObject, isObject, member, type Path } from '../source/document.ts'
import { openIncluded } from './include.ts'
import { declareResource, type Template } from './template.ts'
import { asText } from './values.ts'

const LANGUAGE_EXTENSIONS = 'AWS::LanguageExtensions'
/** Resources that loops may make; CloudFormation itself takes 500 in a template. */
const MAX_MADE = 10_000

/** Makes the resources of `Fn::ForEach` loops, of the transform AWS::LanguageExtensions. */
export function expandLoops(template: Template, project: ProjectContext): void {
  const { document, loops, resources } = template
  let made = 0
  const report = (path: Path, message: string, hint?: string): void =>
    project.problems.add({
      severity: 'error',
      file: document.file,
      ...document.locateKey(path),
      message,
      ...(hint === undefined ? {} : { hint }),
    })

  /** Values that a loop runs over: a list, or a parameter that is one. */
  const valuesOf = (list: unknown, path: Path): string[] => {
    if (Array.isArray(list)) return list.flatMap((item) => asText(item) ?? [])
    const name = asText(member(list, 'Ref'))
    const value =
      name === undefined
        ? undefined
        : (project.parameters.get(name) ?? asText(member(member(template.parameters, name), 'Default')))
    if (value !== undefined) return value.split(',').map((item) => item.trim())
    report(path, 'Fn::ForEach runs over a list, or a parameter of type CommaDelimitedList')
    return []
  }

  const expand = (loop: unknown, path: Path): void => {
    const [identifier, list, body] = Array.isArray(loop) ? loop : []
    const name = asText(identifier)
    if (name === undefined || !isObject(body)) {
      report(
        path,
        'Fn::ForEach is not well formed',
        'Fn::ForEach::Name: [Identifier, [values], { "Key${Identifier}": … }]',
      )
      return
    }
    for (const value of valuesOf(list, [...path, 1])) {
      for (const [key, declared] of Object.entries(body)) {
        const at = [...path, 2, key]
        if (key.startsWith('Fn::ForEach::')) {
          expand(replaced(declared, name, value), at)
          continue
        }
        made += 1
        if (made > MAX_MADE) {
          report(path, `loops make more than ${MAX_MADE.toLocaleString('en')} resources`)
          return
        }
        const logicalId = replacedText(key, name, value)
        if (resources.has(logicalId)) report(at, `the template has a resource ${logicalId} already`)
        else declareResource(template, project.problems, logicalId, replaced(declared, name, value), at)
      }
    }
  }

  for (const [key, loop] of loops) {
    const path = ['Resources', key]
    if (key === 'Fn::Transform') includeResources(template, project, loop, (message) => report(path, message))
    else if (!key.startsWith('Fn::ForEach::')) report(path, `${key} is not understood here`)
    else if (!template.transforms.includes(LANGUAGE_EXTENSIONS))
      report(path, `Fn::ForEach needs the transform ${LANGUAGE_EXTENSIONS}`, `add Transform: ${LANGUAGE_EXTENSIONS}`)
    else expand(loop, path)
  }
}

/** Resources of a file that AWS::Include brings in. */
function includeResources(
  template: Template,
  project: ProjectContext,
  transform: unknown,
  fail: (message: string) => void,
): void {
  const location = asText(member(member(transform, 'Parameters'), 'Location'))
  if (asText(member(transform, 'Name')) !== 'AWS::Include' || location === undefined)
    return fail(`the macro ${asText(member(transform, 'Name')) ?? ''} is not run here`)
  const document = openIncluded(project, template.folder, location, fail)
  if (!isObject(document?.value)) return
  for (const [logicalId, declared] of Object.entries(document.value)) {
    if (template.resources.has(logicalId)) fail(`the template has a resource ${logicalId} already`)
    else declareResource({ ...template, document }, project.problems, logicalId, declared, [logicalId])
  }
}

function replacedText(text: string, name: string, value: string): string {
  // `&{…}` is the form for logical ids, which drops what they may not have.
  return text.replaceAll(`\${${name}}`, value).replaceAll(`&{${name}}`, value.replaceAll(/[^A-Za-z0-9]/g, ''))
}

/** The body of a loop for one value: in texts, keys and `Ref`s. */
function replaced(item: unknown, name: string, value: string): unknown {
  if (typeof item === 'string') return replacedText(item, name, value)
  if (Array.isArray(item)) return item.map((one) => replaced(one, name, value))
  if (!isObject(item)) return item
  if (item['Ref'] === name && Object.keys(item).length === 1) return value
  const made = emptyObject()
  for (const [key, one] of Object.entries(item)) made[replacedText(key, name, value)] = replaced(one, name, value)
  return made
}
