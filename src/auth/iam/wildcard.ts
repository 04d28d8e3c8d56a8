/**
 * Whether the whole of `text` matches a pattern of IAM, in which `*` stands for any text and `?` for one character.
 * Takes at most pattern × text steps, whatever the pattern.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    const symbol = pattern[p]
    if (symbol === '*') {
      star = p++
      resume = t
    } else if (symbol === '?' || symbol === text[t]) {
      p++
      t++
    } else if (star !== -1) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
