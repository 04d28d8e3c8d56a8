/** A program's text, and the lines and columns (from 1) of its offsets. */
export class SourceText {
  readonly code: string
  #starts: number[] | undefined

  constructor(code: string) {
    this.code = code
  }

  locate(offset: number): { line: number; column: number } {
    this.#starts ??= lineStarts(this.code)
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 }
  }
}

function lineStarts(code: string): number[] {
  const starts = [0]
  for (let index = 0; index < code.length; index++) {
    const character = code.charCodeAt(index)
    if (character === 10 || (character === 13 && code.charCodeAt(index + 1) !== 10)) starts.push(index + 1)
  }
  return starts
}
