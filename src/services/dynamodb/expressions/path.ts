import { type AttributeValue, attributeOf, type Item } from '../attributeValue.ts'

/** A document path with its names resolved: attribute names and list indexes. The first step is a name. */
export type Path = readonly [string, ...(string | number)[]]

/** The value at a path, or undefined. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value = attributeOf(item, path[0])
  for (let index = 1; value !== undefined && index < path.length; index++)
    value = memberOf(value, path[index] as string | number)
  return value
}

/** A member of a map or list, or undefined. */
export function memberOf(value: AttributeValue, step: string | number): AttributeValue | undefined {
  if (typeof step === 'number') return 'L' in value ? value.L[step] : undefined
  return 'M' in value ? attributeOf(value.M, step) : undefined
}

/** As DynamoDB's messages write a path: `[a, [0], b]`. */
export function pathText(path: Path): string {
  return `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`
}

/** DynamoDB's complaint about two paths of one expression of which one contains the other, or undefined. */
export function pathProblem(one: Path, two: Path): { type: 'overlap' | 'conflict'; message: string } | undefined {
  const shorter = Math.min(one.length, two.length)
  const texts = `must remove or rewrite one of these paths; path one: ${pathText(one)}, path two: ${pathText(two)}`
  for (let index = 0; index < shorter; index++) {
    if (typeof one[index] !== typeof two[index])
      return { type: 'conflict', message: `Two document paths conflict with each other; ${texts}` }
    if (one[index] !== two[index]) return undefined
  }
  return { type: 'overlap', message: `Two document paths overlap with each other; ${texts}` }
}
