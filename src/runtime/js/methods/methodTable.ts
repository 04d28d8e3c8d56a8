/** Methods by name, without inherited members: `table[name]` is a method of ours or undefined. */
export function methodTable<Method>(methods: Record<string, Method>): Readonly<Record<string, Method>> {
  return Object.freeze(Object.assign(Object.create(null), methods))
}
