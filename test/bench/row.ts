/** One measured figure beside what it is compared with. */
export interface BenchRow {
  /** What was measured, for example `GetItem through a resolver`. */
  name: string
  /** For example `µs CPU per request`. */
  unit: string
  ours: number
  /** Others, measured in the same run. */
  beside: Record<string, number>
  /** The budget as it was set, for people to compare; never asserted. */
  budget?: string
  /** Further figures, for example p99. */
  more?: Record<string, number>
}

/** Prints rows with the ratios of ours to the others. */
export function printRows(title: string, rows: readonly BenchRow[]): void {
  console.log(`\n${title}`)
  for (const { name, unit, ours, beside, budget, more } of rows) {
    const others = Object.entries(beside).map(
      ([who, value]) => `${who} ${short(value)} (ours is ${(ours / value).toFixed(2)}×)`,
    )
    const extra = Object.entries(more ?? {}).map(([what, value]) => `${what} ${short(value)}`)
    console.log(
      `  ${name.padEnd(44)} ${short(ours).padStart(9)} ${unit}${others.length > 0 ? `   ${others.join(', ')}` : ''}${extra.length > 0 ? `   ${extra.join(', ')}` : ''}${budget === undefined ? '' : `   [budget ${budget}]`}`,
    )
  }
}

function short(value: number): string {
  return value >= 1000
    ? Math.round(value).toLocaleString('en')
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2)
}
