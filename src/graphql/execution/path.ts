/** Where a value is in the answer; shared by all that is below. */
export interface Path {
  readonly previous: Path | undefined
  readonly key: string | number
}

/** `['list', 0, 'name']` */
export function toArray(path: Path): (string | number)[] {
  const keys: (string | number)[] = []
  for (let at: Path | undefined = path; at !== undefined; at = at.previous) keys.push(at.key)
  return keys.reverse()
}

/** `/list[0]/name`, as graphql-java's messages have it. */
export function toText(path: Path): string {
  return toArray(path)
    .map((key) => (typeof key === 'number' ? `[${key}]` : `/${key}`))
    .join('')
}
