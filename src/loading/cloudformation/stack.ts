import type { Scope } from '../../aws/arn.ts'
import { partitionOf } from '../../aws/arn.ts'
import { didYouMean } from '../nearestName.ts'
import type { Problem } from '../problem.ts'
import type { ProjectContext } from '../projectContext.ts'
import {
  emptyObject,
  isObject,
  member,
  objectOf,
  type Path,
  type PlainObject,
  plain,
  type SourceDocument,
} from '../source/document.ts'
import { stableId } from '../stableId.ts'
import { openIncluded } from './include.ts'
import { type Evaluation, MAX_STRING_LENGTH, NO_VALUE, singleFunction } from './intrinsics.ts'
import { parameterValues } from './parameters.ts'
import type { Template, TemplateResource } from './template.ts'
import { typeHandler } from './types/index.ts'
import { asText } from './values.ts'

/** Where a value stands, for messages and for what its files are relative to. */
export interface Place {
  document: SourceDocument
  path: Path
  /** Resource that is being read, if any. */
  logicalId?: string
}

/** A deployed template: its parameters have values, its functions can be evaluated. */
export interface Stack {
  readonly name: string
  readonly arn: string
  readonly template: Template
  readonly project: ProjectContext
  readonly scope: Scope
  /** Resources whose condition holds. */
  readonly resources: ReadonlyMap<string, ResourceView>
  /** Evaluates every intrinsic function in a value. */
  evaluate(value: unknown, place: Place): unknown
  condition(name: string, place: Place): boolean
  ref(name: string, place: Place): unknown
  getAtt(logicalId: string, attribute: string, place: Place): unknown
  /** Outputs by name; those that cannot be evaluated are left out. */
  outputs(): Map<string, unknown>
  output(name: string, place: Place): unknown
  report(severity: Problem['severity'], place: Place, message: string, hint?: string, partial?: boolean): void
  /** A nested stack's outputs; set by the type that loads it. */
  readonly nested: Map<string, Stack>
}

/** A resource as its type's handler sees it: properties are evaluated when they are asked for. */
export interface ResourceView {
  readonly logicalId: string
  readonly type: string
  readonly declared: TemplateResource
  readonly stack: Stack
  get(property: string): unknown
  text(property: string): string | undefined
  has(property: string): boolean
  /** All properties, evaluated. */
  all(): PlainObject
  place(...path: Path): Place
  report(severity: Problem['severity'], path: Path, message: string, hint?: string): void
  /** An error that keeps only this resource from running. */
  reportPartial(path: Path, message: string, hint?: string): void
  /** The property of that name, or a name as CloudFormation makes one: stack, logical id, something unique. */
  physicalName(property: string, maxLength?: number): string
}

export interface StackOptions {
  name: string
  template: Template
  project: ProjectContext
  /** Values that the parent gives to a nested stack's parameters. */
  given?: ReadonlyMap<string, unknown>
  parentName?: string
}

/** Files that AWS::Include may bring into one stack: a file that includes itself ends here. */
const MAX_INCLUDES = 200
/** Values that one stack may evaluate: far above any template, far below a bomb. */
const MAX_EVALUATIONS = 20_000_000

export function createStack(options: StackOptions): Stack {
  const { template, project, name } = options
  const { scope } = project
  const partition = partitionOf(scope.region)
  const arn = `arn:${partition}:cloudformation:${scope.region}:${scope.accountId}:stack/${name}/${stableId(26, 'stack', name)}`
  const conditions = new Map<string, boolean | 'open'>()
  const nested = new Map<string, Stack>()
  let evaluations = 0
  let includes = 0
  /** While an output is evaluated: whether it depends on what does not run here, so that it has no value. */
  let output: { unknown: boolean } | undefined

  const pseudo: Record<string, () => unknown> = {
    'AWS::AccountId': () => scope.accountId,
    'AWS::Region': () => scope.region,
    'AWS::Partition': () => partition,
    'AWS::URLSuffix': () => (partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'),
    'AWS::StackName': () => name,
    'AWS::StackId': () => arn,
    'AWS::NotificationARNs': () => [],
    'AWS::NoValue': () => NO_VALUE,
  }

  const report: Stack['report'] = (severity, place, message, hint, partial = false) => {
    if (output?.unknown === true) return
    const { document, path } = place
    project.problems.add({
      severity,
      file: document.file,
      ...document.locate(path),
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(partial ? { partial } : {}),
      ...(place.logicalId === undefined ? {} : { path: shownPath(place) }),
    })
  }

  const parameters = parameterValues(options, report)

  function evaluate(value: unknown, place: Place): unknown {
    evaluations += 1
    if (evaluations > MAX_EVALUATIONS) throw new StackTooLargeError(place)
    if (typeof value !== 'object' || value === null) {
      return typeof value === 'string' && value.includes('{{resolve:')
        ? project.resolveDynamicReferences(value, (message, hint) => report('error', place, message, hint))
        : value
    }
    if (Array.isArray(value)) {
      const made: unknown[] = []
      for (const [index, item] of value.entries()) {
        const result = isPlainScalar(item) ? item : evaluate(item, { ...place, path: [...place.path, index] })
        if (result !== NO_VALUE) made.push(result)
      }
      return made
    }
    if (!isObject(value)) return value
    const single = singleFunction(value)
    if (single !== undefined) {
      const result = single.run(evaluation, single.argument, { ...place, path: [...place.path, single.name] })
      if (typeof result === 'string' && result.length > MAX_STRING_LENGTH) {
        report(
          'error',
          place,
          `${single.name} makes a text of more than ${MAX_STRING_LENGTH.toLocaleString('en')} characters`,
        )
        return ''
      }
      return typeof result === 'string' && result.includes('{{resolve:') ? evaluate(result, place) : result
    }
    const made = emptyObject()
    for (const [key, item] of Object.entries(value)) {
      if (key === 'Fn::Transform') {
        // Beside other members, what is included stands among them.
        const included = evaluate(objectOf([[key, item]]), place)
        if (isObject(included)) for (const [name, one] of Object.entries(included)) made[name] = one
        continue
      }
      const result = isPlainScalar(item) ? item : evaluate(item, { ...place, path: [...place.path, key] })
      if (result !== NO_VALUE) made[key] = result
    }
    return made
  }

  function condition(conditionName: string, place: Place): boolean {
    const known = conditions.get(conditionName)
    if (typeof known === 'boolean') return known
    const declared = member(template.conditions, conditionName)
    if (declared === undefined) {
      report(
        'error',
        place,
        `Unresolved condition dependency ${conditionName}`,
        didYouMean(conditionName, Object.keys(template.conditions)).hint,
      )
      return false
    }
    if (known === 'open') {
      report('error', place, `Circular dependency in condition ${conditionName}`)
      return false
    }
    conditions.set(conditionName, 'open')
    const at: Place = { document: template.document, path: ['Conditions', conditionName] }
    const result = evaluate(declared, at)
    const holds = result === true || result === 'true'
    conditions.set(conditionName, holds)
    return holds
  }

  function ref(target: string, place: Place): unknown {
    if (Object.hasOwn(pseudo, target)) return pseudo[target]?.()
    const parameter = parameters.get(target)
    if (parameter !== undefined) return parameter(place)
    const resource = resources.get(template.aliases.get(target) ?? target)
    if (resource !== undefined) return typeHandler(resource.type).ref(resource)
    const declared = template.resources.get(target)
    report(
      'error',
      place,
      `Unresolved resource dependencies [${target}] in the Resources block of the template`,
      declared === undefined
        ? didYouMean(target, [...template.resources.keys(), ...parameters.keys(), ...Object.keys(pseudo)]).hint
        : `its condition ${declared.condition ?? ''} does not hold`,
    )
    return `unresolved:${target}`
  }

  function getAtt(target: string, attribute: string, place: Place): unknown {
    const generated = template.aliases.get(`${target}.${attribute.split('.')[0] ?? ''}`)
    if (generated !== undefined && attribute.includes('.'))
      return getAtt(generated, attribute.slice(attribute.indexOf('.') + 1), place)
    const resource = resources.get(template.aliases.get(target) ?? target)
    if (resource === undefined) {
      report(
        'error',
        place,
        `Template error: instance of Fn::GetAtt references undefined resource ${target}`,
        didYouMean(target, template.resources.keys()).hint,
      )
      return `unresolved:${target}.${attribute}`
    }
    const handler = typeHandler(resource.type)
    const own = handler.attributes
    if (own !== undefined && Object.hasOwn(own, attribute)) return own[attribute]?.(resource)
    const other = handler.attribute?.(resource, attribute, place)
    if (other !== undefined) return other
    if (own === undefined) {
      if (output !== undefined) output.unknown = true
      report('warning', place, `${target} (${resource.type}) is not run here: its attribute ${attribute} has no value`)
    } else {
      report(
        'error',
        place,
        `Template error: resource ${target} does not support attribute type ${attribute} in Fn::GetAtt`,
        didYouMean(attribute, Object.keys(own)).hint,
      )
    }
    return `unresolved:${target}.${attribute}`
  }

  const evaluation: Evaluation = {
    evaluate,
    condition,
    ref,
    getAtt,
    report,
    mappings: template.mappings,
    importValue: (exportName, place) =>
      project.importValue(exportName, (message, hint) => report('error', place, message, hint)),
    include(location, place) {
      const document = openIncluded(project, template.folder, location, (message) => report('error', place, message))
      if (document === undefined) return NO_VALUE
      if (includes >= MAX_INCLUDES) {
        report('error', place, `more than ${MAX_INCLUDES} files are included`)
        return NO_VALUE
      }
      includes += 1
      return evaluate(document.value, {
        document,
        path: [],
        ...(place.logicalId === undefined ? {} : { logicalId: place.logicalId }),
      })
    },
    region: scope.region,
  }

  const resources = new Map<string, ResourceView>()
  const stack: Stack = {
    name,
    arn,
    template,
    project,
    scope,
    resources,
    nested,
    evaluate,
    condition,
    ref,
    getAtt,
    report,
    outputs() {
      const made = new Map<string, unknown>()
      for (const [outputName, declared] of Object.entries(template.outputs)) {
        const when = member(declared, 'Condition')
        const place: Place = { document: template.document, path: ['Outputs', outputName, 'Value'] }
        if (typeof when === 'string' && !condition(when, place)) continue
        output = { unknown: false }
        const value = plain(evaluate(member(declared, 'Value'), place))
        if (!output.unknown) made.set(outputName, value)
        output = undefined
      }
      return made
    },
    output(outputName, place) {
      const declared = member(template.outputs, outputName)
      if (declared === undefined) {
        report(
          'error',
          place,
          `the nested stack has no output ${outputName}`,
          didYouMean(outputName, Object.keys(template.outputs)).hint,
        )
        return `unresolved:${outputName}`
      }
      return evaluate(member(declared, 'Value'), {
        document: template.document,
        path: ['Outputs', outputName, 'Value'],
      })
    },
  }
  for (const declared of template.resources.values()) {
    const at: Place = { document: declared.document, path: declared.path, logicalId: declared.logicalId }
    if (declared.condition !== undefined && !condition(declared.condition, at)) continue
    resources.set(declared.logicalId, createResourceView(stack, declared))
  }
  for (const [output, declared] of Object.entries(template.outputs)) {
    const exported = member(member(declared, 'Export'), 'Name')
    if (exported === undefined) continue
    const place: Place = { document: template.document, path: ['Outputs', output, 'Export', 'Name'] }
    const exportName = asText(evaluate(exported, place))
    if (exportName !== undefined) project.exports.set(exportName, () => stack.output(output, place))
  }
  return stack
}

/** What evaluates to itself: most of a template. */
function isPlainScalar(value: unknown): boolean {
  return typeof value === 'string' ? !value.includes('{{resolve:') : typeof value !== 'object' || value === null
}

/** The template asks for more than any template needs. */
export class StackTooLargeError extends Error {
  override readonly name = 'StackTooLargeError'
  readonly place: Place

  constructor(place: Place) {
    super('the template evaluates to too many values')
    this.place = place
  }
}

function createResourceView(stack: Stack, declared: TemplateResource): ResourceView {
  const { logicalId, document, path: base } = declared
  const values = new Map<string, unknown>()
  const open = new Set<string>()
  const { written } = declared
  const place = (...path: Path): Place => {
    const [first = '', ...rest] = path
    const original = written !== undefined && Object.hasOwn(written, first) ? written[first] : undefined
    return { document, path: original === undefined ? [...base, ...path] : [...base, ...original, ...rest], logicalId }
  }
  const view: ResourceView = {
    logicalId,
    type: declared.type,
    declared,
    stack,
    has: (property) => view.get(property) !== undefined,
    get(property) {
      if (values.has(property)) return values.get(property)
      const raw = member(declared.properties, property)
      if (raw === undefined || raw === null) return undefined
      if (open.has(property)) {
        stack.report(
          'error',
          place(property),
          `Circular dependency between resources: [${logicalId}]`,
          'a name that is written out ends the circle',
        )
        return undefined
      }
      if (isPlainScalar(raw)) {
        values.set(property, raw)
        return raw
      }
      open.add(property)
      const value = stack.evaluate(raw, place(property))
      open.delete(property)
      const kept = value === NO_VALUE ? undefined : value
      values.set(property, kept)
      return kept
    },
    text: (property) => asText(view.get(property)),
    all() {
      const made = emptyObject()
      for (const property of Object.keys(declared.properties)) {
        const value = view.get(property)
        if (value !== undefined) made[property] = value
      }
      return made
    },
    place,
    report: (severity, path, message, hint) => stack.report(severity, place(...path), message, hint),
    reportPartial: (path, message, hint) => stack.report('error', place(...path), message, hint, true),
    physicalName(property, maxLength = 64) {
      const given = view.text(property)
      if (given !== undefined && given !== '') return given
      const unique = stableId(12, 'name', stack.name, logicalId).toUpperCase()
      const room = maxLength - unique.length - 2
      const stem = `${stack.name}-${logicalId}`
      if (stem.length <= room) return `${stem}-${unique}`
      const half = Math.floor(room / 2)
      return `${stack.name.slice(0, half)}-${logicalId.slice(0, room - Math.min(half, stack.name.length))}-${unique}`
    },
  }
  return view
}

function shownPath({ logicalId, path }: Place): string {
  const at = path.indexOf('Properties')
  const inside = at === -1 ? [] : path.slice(at + 1)
  return [logicalId, ...inside].filter((part) => part !== undefined).join('.')
}
