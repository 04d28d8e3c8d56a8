import { type Budget, ELEMENT_SIZE, PROPERTY_SIZE } from '../../emit/budget.ts'
import { NO_SUCH_METHOD } from '../../util/environment.ts'
import { areEqual, javaEquals, KeyList, MapEntry, member, owned, textOf, VtlList, type VtlValue } from '../values.ts'
import { hashOf, type Method, overloaded, tableOf, withArguments } from './method.ts'

type JavaMap = Map<unknown, VtlValue>

/** A key: Java compares keys with `equals`, so numbers of one value and texts are one key each. */
function keyOf(value: VtlValue, budget: Budget): unknown {
  if (value === undefined) return null
  if (typeof value !== 'object' || value === null) return value
  return textOf(value, budget)
}

function put(self: JavaMap, key: VtlValue, value: VtlValue, budget: Budget): VtlValue {
  const name = keyOf(key, budget)
  budget.allocate(PROPERTY_SIZE)
  const before = member(self, name, budget)
  self.set(name, value ?? null)
  return before
}

const putAll: Method<JavaMap> = withArguments(['any'], (self, [value], budget) => {
  const other = owned(value, budget)
  if (!(other instanceof Map)) return NO_SUCH_METHOD
  budget.allocate(PROPERTY_SIZE * other.size)
  budget.charge(other.size)
  for (const [key, one] of other) self.set(key, one)
  return ''
})

export function keysOf(self: JavaMap, budget: Budget): KeyList {
  budget.allocate(ELEMENT_SIZE * self.size)
  budget.charge(self.size)
  const keys = new KeyList()
  let index = 0
  for (const key of self.keys()) keys[index++] = key
  keys.backing = self
  return keys
}

export function valuesOf(self: JavaMap, budget: Budget): VtlList {
  budget.allocate(ELEMENT_SIZE * self.size)
  budget.charge(self.size)
  const values = new VtlList()
  let index = 0
  for (const key of self.keys()) values[index++] = member(self, key, budget)
  return values
}

/** Methods of java.util.Map. */
export const mapMethods = tableOf<JavaMap>({
  size: withArguments([], (self) => self.size),
  isEmpty: withArguments([], (self) => self.size === 0),
  get: withArguments(['any'], (self, [key], budget) => member(self, keyOf(key, budget), budget)),
  getOrDefault: withArguments(['any', 'any'], (self, [key, fallback], budget) => {
    const name = keyOf(key, budget)
    return self.has(name) ? member(self, name, budget) : fallback
  }),
  put: withArguments(['any', 'any'], (self, [key, value], budget) => put(self, key, value, budget)),
  putAll,
  putIfAbsent: withArguments(['any', 'any'], (self, [key, value], budget) => {
    const before = member(self, keyOf(key, budget), budget)
    if (before === undefined || before === null) put(self, key, value, budget)
    return before
  }),
  replace: withArguments(['any', 'any'], (self, [key, value], budget) =>
    self.has(keyOf(key, budget)) ? put(self, key, value, budget) : null,
  ),
  remove: overloaded(
    withArguments(['any'], (self, [key], budget) => {
      const name = keyOf(key, budget)
      const before = member(self, name, budget)
      self.delete(name)
      return before
    }),
    withArguments(['any', 'any'], (self, [key, value], budget) => {
      const name = keyOf(key, budget)
      return self.has(name) && javaEquals(self.get(name), value, budget) && self.delete(name)
    }),
  ),
  containsKey: withArguments(['any'], (self, [key], budget) => self.has(keyOf(key, budget))),
  containsValue: withArguments(['any'], (self, [value], budget) => {
    budget.charge(self.size)
    for (const one of self.values()) if (javaEquals(one, value, budget)) return true
    return false
  }),
  keySet: withArguments([], (self, _args, budget) => keysOf(self, budget)),
  values: withArguments([], (self, _args, budget) => valuesOf(self, budget)),
  entrySet: withArguments([], (self, _args, budget) => {
    budget.allocate(PROPERTY_SIZE * self.size)
    budget.charge(self.size)
    const entries = new VtlList()
    let index = 0
    for (const key of self.keys()) entries[index++] = new MapEntry(key, self, budget)
    return entries
  }),
  clear: withArguments([], (self) => {
    self.clear()
    return ''
  }),
  equals: withArguments(
    ['any'],
    (self, [other], budget) => owned(other, budget) instanceof Map && areEqual(self, other, budget),
  ),
  hashCode: withArguments([], (self, _args, budget) => hashOf(textOf(self, budget), budget)),
  toString: withArguments([], (self, _args, budget) => textOf(self, budget)),
})

/** Methods of java.util.Map.Entry. */
export const entryMethods = tableOf<MapEntry>({
  getKey: withArguments([], (self) => self.key),
  getValue: withArguments([], (self) => self.value),
  setValue: withArguments(['any'], (self, [value]) => {
    const before = self.value
    self.map.set(self.key, value ?? null)
    return before
  }),
  toString: withArguments([], (self, _args, budget) => textOf(self, budget)),
  hashCode: withArguments([], (self, _args, budget) => hashOf(textOf(self, budget), budget)),
  equals: withArguments(
    ['any'],
    (self, [other], budget) =>
      other instanceof MapEntry && areEqual(self.key, other.key, budget) && areEqual(self.value, other.value, budget),
  ),
})
