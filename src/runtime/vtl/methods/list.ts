import { type Budget, ELEMENT_SIZE } from '../../emit/budget.ts'
import { NO_SUCH_METHOD } from '../../util/environment.ts'
import {
  areEqual,
  element,
  javaEquals,
  KeyList,
  ListIterator,
  listOf,
  owned,
  textOf,
  VtlList,
  type VtlValue,
} from '../values.ts'
import { hashOf, javaException, type Method, overloaded, tableOf, withArguments } from './method.ts'

function checked(self: VtlList, index: VtlValue, length = self.length): number {
  const at = index as number
  if (at < 0 || at >= length) {
    throw javaException('IndexOutOfBoundsException', `Index ${at} out of bounds for length ${self.length}`)
  }
  return at
}

/** The elements of a collection given as argument; undefined when it is none. */
function collection(value: VtlValue, budget: Budget): VtlList | undefined {
  const own = owned(value, budget)
  return own instanceof VtlList ? own : undefined
}

function onCollection(work: (self: VtlList, other: VtlList, budget: Budget) => VtlValue): Method<VtlList> {
  return withArguments(['any'], (self, [value], budget) => {
    const other = collection(value, budget)
    return other === undefined ? NO_SUCH_METHOD : work(self, other, budget)
  })
}

function position(self: VtlList, value: VtlValue, budget: Budget): number {
  budget.charge(self.length)
  for (let index = 0; index < self.length; index++) if (javaEquals(self[index], value, budget)) return index
  return -1
}

function insert(self: VtlList, at: number, values: readonly VtlValue[], budget: Budget): void {
  if (at < 0 || at > self.length) {
    throw javaException('IndexOutOfBoundsException', `Index: ${at}, Size: ${self.length}`)
  }
  // A copy first: a list may be added to itself.
  const copy = [...values]
  budget.allocate(ELEMENT_SIZE * copy.length)
  budget.charge(copy.length + ((self.length - at) >> 3))
  const tail: VtlValue[] = []
  while (self.length > at) tail.push(self.pop())
  for (const value of copy) self.push(value)
  while (tail.length > 0) self.push(tail.pop())
}

/** Keeps the elements that pass; true when some did not. In a map's key set the keys go from the map as well. */
function keep(self: VtlList, test: (value: VtlValue) => boolean, budget: Budget): boolean {
  budget.charge(self.length)
  let kept = 0
  for (let index = 0; index < self.length; index++) {
    const value = self[index]
    if (test(value)) self[kept++] = value
    else if (self instanceof KeyList) self.backing?.delete(value)
  }
  const isChanged = kept < self.length
  self.length = kept
  return isChanged
}

function removeAt(self: VtlList, at: number, budget: Budget): VtlValue {
  budget.charge(self.length >> 3)
  const removed = element(self, at, budget)
  for (let index = at; index < self.length - 1; index++) self[index] = self[index + 1]
  self.length--
  if (self instanceof KeyList) self.backing?.delete(removed)
  return removed
}

/** Methods of java.util.List, and of the sets and collections that maps give. */
export const listMethods = tableOf<VtlList>({
  size: withArguments([], (self) => self.length),
  isEmpty: withArguments([], (self) => self.length === 0),
  get: withArguments(['int'], (self, [index], budget) => element(self, checked(self, index), budget)),
  set: withArguments(['int', 'any'], (self, [index, value], budget) => {
    const at = checked(self, index)
    const before = element(self, at, budget)
    self[at] = value ?? null
    return before
  }),
  add: overloaded(
    withArguments(['any'], (self, [value], budget) => {
      budget.allocate(ELEMENT_SIZE)
      self[self.length] = value ?? null
      return true
    }),
    withArguments(['int', 'any'], (self, [index, value], budget) => {
      insert(self, index as number, [value ?? null], budget)
      return ''
    }),
  ),
  addAll: overloaded(
    onCollection((self, other, budget) => {
      const isChanged = other.length > 0
      insert(self, self.length, other, budget)
      return isChanged
    }),
    withArguments(['int', 'any'], (self, [index, value], budget) => {
      const other = collection(value, budget)
      if (other === undefined) return NO_SUCH_METHOD
      insert(self, index as number, other, budget)
      return other.length > 0
    }),
  ),
  remove: overloaded(
    withArguments(['int'], (self, [index], budget) => removeAt(self, checked(self, index), budget)),
    withArguments(['any'], (self, [value], budget) => {
      const at = position(self, value, budget)
      if (at >= 0) removeAt(self, at, budget)
      return at >= 0
    }),
  ),
  removeAll: onCollection((self, other, budget) => keep(self, (value) => position(other, value, budget) < 0, budget)),
  retainAll: onCollection((self, other, budget) => keep(self, (value) => position(other, value, budget) >= 0, budget)),
  contains: withArguments(['any'], (self, [value], budget) => position(self, value, budget) >= 0),
  containsAll: onCollection((self, other, budget) => other.every((value) => position(self, value, budget) >= 0)),
  indexOf: withArguments(['any'], (self, [value], budget) => position(self, value, budget)),
  lastIndexOf: withArguments(['any'], (self, [value], budget) => {
    budget.charge(self.length)
    for (let index = self.length - 1; index >= 0; index--) if (javaEquals(self[index], value, budget)) return index
    return -1
  }),
  clear: withArguments([], (self, _args, budget) => {
    keep(self, () => false, budget)
    return ''
  }),
  subList: withArguments(['int', 'int'], (self, [from, to], budget) => {
    const [start, end] = [from as number, to as number]
    if (start < 0) throw javaException('IndexOutOfBoundsException', `fromIndex = ${start}`)
    if (end > self.length) throw javaException('IndexOutOfBoundsException', `toIndex = ${end}`)
    if (start > end) throw javaException('IllegalArgumentException', `fromIndex(${start}) > toIndex(${end})`)
    const elements: VtlValue[] = []
    for (let index = start; index < end; index++) elements.push(element(self, index, budget))
    return listOf(elements, budget)
  }),
  iterator: withArguments([], (self) => new ListIterator(self)),
  toArray: withArguments([], (self, _args, budget) => listOf(self, budget)),
  equals: withArguments(
    ['any'],
    (self, [other], budget) => areEqual(self, other, budget) && collection(other, budget) !== undefined,
  ),
  hashCode: withArguments([], (self, _args, budget) => hashOf(textOf(self, budget), budget)),
  toString: withArguments([], (self, _args, budget) => textOf(self, budget)),
})

/** Methods of java.util.Iterator. */
export const iteratorMethods = tableOf<ListIterator>({
  hasNext: withArguments([], (self) => self.next < self.list.length),
  next: withArguments([], (self, _args, budget) => {
    if (self.next >= self.list.length) throw javaException('NoSuchElementException', 'no more elements', 'java.util')
    return element(self.list, self.next++, budget)
  }),
})
