import { type AttributeValue, attributeOf, type Item, setAttribute } from '../attributeValue.ts'
import type { ProjectionAst } from './ast.ts'
import { type Bindings, Problems, resolvePath } from './bindings.ts'
import { memberOf, type Path, pathProblem } from './path.ts'

export interface BoundProjection {
  /** The part of an item that was asked for: fresh containers, shared leaves. */
  project(item: Item): Item
  paths: readonly Path[]
}

/** Resolves and checks a parsed projection. Throws `ExpressionError` with DynamoDB's words. */
export function bindProjection(ast: ProjectionAst, bindings: Bindings): BoundProjection {
  const problems = new Problems<'reserved' | 'undefined' | 'overlap' | 'conflict'>()
  const paths: Path[] = []
  for (const steps of ast.paths) {
    const path = resolvePath(steps, bindings, (kind, message) => problems.note(kind, message))
    for (const other of paths) {
      const problem = pathProblem(other, path)
      if (problem !== undefined) problems.note(problem.type, problem.message)
    }
    paths.push(path)
  }
  problems.throwFirst(['reserved', 'undefined', 'overlap', 'conflict'])
  return { project: projector(paths), paths }
}

/** A tree of the steps that several paths share. A leaf takes the whole value. */
type Tree = Map<string | number, Tree | undefined>

/** Makes the function that takes these paths out of items. Lists keep only the members asked for, in their order. */
export function projector(paths: readonly Path[]): (item: Item) => Item {
  if (paths.every((path) => path.length === 1)) {
    const names = paths.map((path) => path[0])
    return (item) => {
      const projected: Item = {}
      for (const name of names) {
        const value = attributeOf(item, name)
        if (value !== undefined) setAttribute(projected, name, value)
      }
      return projected
    }
  }
  const root: Tree = new Map()
  for (const path of paths) {
    let tree = root
    for (const [index, step] of path.entries()) {
      if (index === path.length - 1) tree.set(step, undefined)
      else {
        const next: Tree = tree.get(step) ?? new Map()
        tree.set(step, next)
        tree = next
      }
    }
  }
  return (item) => {
    const projected = pick({ M: item }, root)
    return projected !== undefined && 'M' in projected ? projected.M : {}
  }
}

function pick(value: AttributeValue, tree: Tree): AttributeValue | undefined {
  const steps = 'L' in value ? [...tree].sort(([one], [two]) => Number(one) - Number(two)) : tree
  const members: Item = {}
  const list: AttributeValue[] = []
  for (const [step, subtree] of steps) {
    const member = memberOf(value, step)
    if (member === undefined) continue
    const picked = subtree === undefined ? member : pick(member, subtree)
    if (picked === undefined) continue
    if (typeof step === 'number') list.push(picked)
    else setAttribute(members, step, picked)
  }
  if (list.length > 0) return { L: list }
  return Object.keys(members).length > 0 ? { M: members } : undefined
}
