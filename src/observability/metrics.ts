/** Counters and gauges in Prometheus' text format (version 0.0.4). */
export interface Metrics {
  /** A counter of one combination of labels, whose values must come from a bounded set. Call the result to add one. */
  counter(name: string, help: string, labels?: Readonly<Record<string, string>>): () => void
  /** Registers a value that is read when asked. */
  gauge(name: string, help: string, read: () => number): void
  text(): string
}

interface Series {
  help: string
  /** By label text. */
  values: Map<string, { value: number }>
}

export function createMetrics(): Metrics {
  const counters = new Map<string, Series>()
  const gauges = new Map<string, { help: string; read: () => number }>()
  return {
    counter(name, help, labels) {
      const series = counters.get(name) ?? { help, values: new Map() }
      counters.set(name, series)
      const key = labels === undefined ? '' : labelText(labels)
      const cell = series.values.get(key) ?? { value: 0 }
      series.values.set(key, cell)
      return () => {
        cell.value++
      }
    },
    gauge: (name, help, read) => void gauges.set(name, { help, read }),
    text() {
      const lines: string[] = []
      for (const [name, { help, values }] of counters) {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`)
        for (const [labels, { value }] of values) lines.push(`${name}${labels} ${value}`)
      }
      for (const [name, { help, read }] of gauges)
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${read()}`)
      return `${lines.join('\n')}\n`
    },
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  )
  return `{${parts.join(',')}}`
}
