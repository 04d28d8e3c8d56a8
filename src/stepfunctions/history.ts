/** A text in an event, with whether it was cut. */
export interface DataDetails {
  truncated: boolean
}

export interface HistoryEvent {
  /** Milliseconds since the epoch. */
  timestamp: number
  type: string
  id: number
  previousEventId: number
  /** The one `…EventDetails` member that belongs to `type`, by its name in the API. Absent where the type has none. */
  [details: `${string}EventDetails`]: Readonly<Record<string, unknown>>
}
