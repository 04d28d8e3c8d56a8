// What the service lets one expression use. The figures were measured by users of the service where it does not
// document them.

/** Nested evaluations; one hundred terms of a sum are accepted, one hundred and one are not. */
export const MAX_EVALUATION_DEPTH = 100
/** Items that a sequence may have: `[1..873782]` is accepted, one more is not. */
export const MAX_SEQUENCE_LENGTH = 873_782
/** Items that `$range` makes: 360,145 are accepted, one more is not. */
export const MAX_RANGE_LENGTH = 360_145
/** Characters that a text may have: 2^22 are accepted, 2^23 are not. */
export const MAX_STRING_LENGTH = 2 ** 23 - 1

// What we let it do before it leaves the event loop. An attempt that goes beyond is dropped and run again in a worker.

/** Milliseconds that an attempt may hold the event loop. */
export const IN_PROCESS_TIMEOUT_MS = 60
/** Nodes of data that an attempt may build or hand to a function that walks them. */
export const IN_PROCESS_NODES = 20_000
/** Characters that an attempt may match against a pattern or build. */
export const IN_PROCESS_CHARACTERS = 65_536

/** Milliseconds that a worker has for an expression before the expression fails. */
export const EVALUATION_TIMEOUT_MS = 1_200
/** Milliseconds after which the worker itself is ended, for what no check inside of it can stop. */
export const WORKER_KILL_MS = 1_600
/** Megabytes of heap of a worker. */
export const WORKER_HEAP_MB = 192
/** Characters of JSON that a worker hands back at most. */
export const MAX_RESULT_CHARACTERS = 8_388_608
