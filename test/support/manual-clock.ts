import type { TestContext } from 'node:test'

/** Time that stands still until a test moves it. */
export interface ManualClock {
  now(): Date
  /** Runs every timer that is due by then, in order. */
  advance(ms: number): void
  readonly pendingTimers: number
}

interface Timer {
  dueAtMs: number
  readonly run: () => void
}

/**
 * Puts `setTimeout`, `clearTimeout` and `AbortSignal.timeout` on a clock of its own until the test ends. Unlike
 * the mock timers of node:test it knows `refresh()`. One for each test: of two, the end of the test would leave the first behind.
 */
export function manualClock(t: TestContext): ManualClock {
  if (Reflect.get(setTimeout, 'mock')) throw new Error('This test has a clock already.')
  const timers = new Map<object, Timer>()
  let nowMs = 0

  function start(run: () => void, delayMs: number): object {
    const handle = {
      refresh() {
        timers.delete(handle)
        timers.set(handle, { dueAtMs: nowMs + delayMs, run })
        return handle
      },
      ref: () => handle,
      unref: () => handle,
    }
    return handle.refresh()
  }

  t.mock.method(globalThis, 'setTimeout', start)
  t.mock.method(globalThis, 'clearTimeout', (handle: object) => timers.delete(handle))
  t.mock.method(AbortSignal, 'timeout', (delayMs: number) => {
    const controller = new AbortController()
    start(() => controller.abort(new DOMException('Timed out.', 'TimeoutError')), delayMs)
    return controller.signal
  })

  function nextDue(untilMs: number): [object, Timer] | undefined {
    return [...timers]
      .filter(([, { dueAtMs }]) => dueAtMs <= untilMs)
      .toSorted(([, one], [, other]) => one.dueAtMs - other.dueAtMs)[0]
  }

  return {
    now: () => new Date(nowMs),
    advance(ms) {
      const untilMs = nowMs + ms
      for (let due = nextDue(untilMs); due; due = nextDue(untilMs)) {
        const [handle, timer] = due
        nowMs = timer.dueAtMs
        timers.delete(handle)
        timer.run()
      }
      nowMs = untilMs
    },
    get pendingTimers() {
      return timers.size
    },
  }
}
