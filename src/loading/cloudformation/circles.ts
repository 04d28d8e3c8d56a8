import { isObject } from '../source/document.ts'
import type { Stack } from './stack.ts'

/**
 * Reports circles of resources that wait for each other, as CloudFormation refuses them.
 * @returns the logical ids in them: they cannot be loaded.
 */
export function reportCircles(stack: Stack): Set<string> {
  const circular = new Set<string>()
  const names = stack.resources
  const edges = new Map<string, Set<string>>()
  for (const resource of names.values()) {
    const targets = new Set<string>()
    for (const name of resource.declared.dependsOn) if (names.has(name)) targets.add(name)
    collect(resource.declared.properties, names, targets)
    edges.set(resource.logicalId, targets)
  }
  for (const circle of stronglyConnected(edges)) {
    for (const name of circle) circular.add(name)
    const [first] = circle
    const resource = first === undefined ? undefined : names.get(first)
    resource?.report('error', [], `Circular dependency between resources: [${circle.join(', ')}]`)
  }
  return circular
}

/** Logical ids that a value refers to. */
function collect(value: unknown, names: ReadonlyMap<string, unknown>, into: Set<string>): void {
  const open: unknown[] = [value]
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (Array.isArray(item)) {
      for (const child of item) if (typeof child === 'object' && child !== null) open.push(child)
      continue
    }
    if (!isObject(item)) continue
    for (const key in item) {
      const child = item[key]
      if (key === 'Ref' && typeof child === 'string') {
        if (names.has(child)) into.add(child)
      } else if (key === 'Fn::GetAtt') {
        const target = typeof child === 'string' ? child.split('.')[0] : Array.isArray(child) ? child[0] : undefined
        if (typeof target === 'string' && names.has(target)) into.add(target)
      } else if (key === 'Fn::Sub') {
        const text = Array.isArray(child) ? child[0] : child
        if (typeof text === 'string') {
          for (const [, name = ''] of text.matchAll(/\$\{\s*([A-Za-z0-9]+)[^}]*\}/g))
            if (names.has(name)) into.add(name)
        }
        if (Array.isArray(child)) open.push(child[1] ?? null)
      } else if (typeof child === 'object' && child !== null) open.push(child)
    }
  }
}

/** Tarjan's algorithm without recursion: groups of more than one, and single ones that wait for themselves. */
function stronglyConnected(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const onStack = new Set<string>()
  const stack: string[] = []
  const found: string[][] = []
  for (const root of edges.keys()) {
    if (order.has(root)) continue
    const work = [{ name: root, targets: [...(edges.get(root) ?? [])], next: 0 }]
    order.set(root, order.size)
    low.set(root, order.get(root) ?? 0)
    stack.push(root)
    onStack.add(root)
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const target = frame.targets[frame.next]
      frame.next += 1
      if (target !== undefined) {
        if (!order.has(target)) {
          order.set(target, order.size)
          low.set(target, order.get(target) ?? 0)
          stack.push(target)
          onStack.add(target)
          work.push({ name: target, targets: [...(edges.get(target) ?? [])], next: 0 })
        } else if (onStack.has(target)) {
          low.set(frame.name, Math.min(low.get(frame.name) ?? 0, order.get(target) ?? 0))
        }
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent !== undefined) low.set(parent.name, Math.min(low.get(parent.name) ?? 0, low.get(frame.name) ?? 0))
      if (low.get(frame.name) !== order.get(frame.name)) continue
      const group: string[] = []
      for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
        onStack.delete(name)
        group.unshift(name)
        if (name === frame.name) break
      }
      if (group.length > 1 || edges.get(frame.name)?.has(frame.name) === true) found.push(group)
    }
  }
  return found
}
