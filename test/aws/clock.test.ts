import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/aws/clock.ts'

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('runs a task at its time, however far', () => {
    const task = vi.fn()
    systemClock.at(1_000_000 + 40 * 86_400_000, task)
    vi.advanceTimersByTime(40 * 86_400_000 - 1)
    expect(task).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(task).toHaveBeenCalledTimes(1)
  })

  it('runs it at once when the time is past, and never when it was cancelled', () => {
    const past = vi.fn()
    const cancelled = vi.fn()
    systemClock.at(5, past)
    systemClock.at(1_000_500, cancelled)()
    vi.advanceTimersByTime(1000)
    expect(past).toHaveBeenCalledTimes(1)
    expect(cancelled).not.toHaveBeenCalled()
  })

  it('follows a machine whose clock is set', () => {
    const task = vi.fn()
    systemClock.at(1_000_000 + 86_400_000, task)
    vi.setSystemTime(1_000_000 + 2 * 86_400_000)
    vi.advanceTimersByTime(60_000)
    expect(task).toHaveBeenCalledTimes(1)
    const late = vi.fn()
    systemClock.at(Date.now() + 1000, late)
    vi.setSystemTime(Date.now() - 3_600_000)
    vi.advanceTimersByTime(1000)
    expect(late).not.toHaveBeenCalled()
    vi.advanceTimersByTime(3_600_000)
    expect(late).toHaveBeenCalledTimes(1)
  })
})
