import type { Retrier } from './asl/program.ts'
import type { DecisionPorts } from './interpreter.ts'
import type { Failure } from './journal/executionState.ts'

/** Longest retry interval, in seconds: what `IntervalSeconds` may be at most. */
const MAX_INTERVAL_SECONDS = 99_999_999

/**
 * Whether a Retry or Catch rule is for a failure. `States.ALL` is; `States.TaskFailed` is for all but timeouts; a
 * missing heartbeat answers to both names of a timeout.
 */
export function matches(errorEquals: readonly string[], failure: Failure): boolean {
  return errorEquals.some((name) => {
    switch (name) {
      case 'States.ALL':
        return true
      case 'States.TaskFailed':
        return failure.error !== 'States.Timeout' && failure.error !== 'States.HeartbeatTimeout'
      case 'States.HeartbeatTimeout':
        return failure.heartbeat === true || failure.error === name
      default:
        return failure.error === name
    }
  })
}

/**
 * The first Retry rule for the failure, and when it is due; undefined when there is none or it is used up.
 */
export function decideRetry(
  rules: readonly Retrier[],
  used: readonly number[],
  failure: Failure,
  ports: DecisionPorts,
): { retrier: number; due: number } | undefined {
  const retrier = rules.findIndex((rule) => matches(rule.errorEquals, failure))
  const rule = rules[retrier]
  const attempts = used[retrier] ?? 0
  if (rule === undefined || attempts >= rule.maxAttempts) return undefined
  const seconds = Math.min(
    rule.intervalSeconds * rule.backoffRate ** attempts,
    rule.maxDelaySeconds ?? MAX_INTERVAL_SECONDS,
    MAX_INTERVAL_SECONDS,
  )
  const delay = rule.jitterStrategy === 'FULL' ? ports.random() * seconds : seconds
  return { retrier, due: ports.now() + ports.scaled(delay * 1000) }
}
