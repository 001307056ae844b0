import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import type { Observer } from '../../registry/events.ts'
import { upstreamClosed, upstreamPaused } from './held-back.ts'
import { createLane, type Lane } from './lane.ts'
import { type LaneName, laneNames, laneOf, limitedOperations } from './lanes.ts'
import { createPause } from './pause.ts'
import type { Turn, Turns } from './turns.ts'

/** The one way out to an account: no faster than its quotas allow, and hardly at all while it does not answer. */
export interface Limiter {
  /** @param pauseWaitMs how long a call waits while the account is paused; 0: not at all, unless it is the probe */
  turns(pauseWaitMs: number): Turns
  /** As far as is known: when nobody has asked for a minute, it is not. */
  isPaused(): boolean
  /** How many calls of the lane go out in a second at present. */
  ratePerSecond(lane: LaneName): number
  /** The same by operation; those that share a lane share its rate. */
  quotasPerSecond(): Readonly<Record<string, number>>
  /** Every lane, for those who look on. */
  use(): readonly LaneUse[]
  /** Ends what waits, and takes nothing any more. */
  close(): void
}

/** What goes through one lane, in calls per second. */
export interface LaneUse {
  readonly name: LaneName
  readonly sentPerSecond: number
  /** At most, at present. */
  readonly perSecond: number
  /** Unless AWS throttles. */
  readonly fullPerSecond: number
  /** Calls that have not had their turn. */
  readonly waiting: number
}

export interface LimiterSettings {
  /** At full speed. */
  readonly fullPerSecond: (lane: LaneName) => number
  readonly observer: Observer
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
}

interface Waiter {
  readonly operation: string
  readonly call: Call
  readonly pauseWaitMs: number
  go(turn: Turn): void
  fail(reason: unknown): void
  /** Ends the wait for the pause to end. */
  patience?: NodeJS.Timeout
}

/** Rates recover while somebody waits, so that a long wait is reckoned anew now and then. */
const longestRestMs = 1_000
const oldNewsMs = 60_000
/** Of a timer. One that fires later says that the process stood still. */
const usualLatenessMs = 10

export function createLimiter(settings: LimiterSettings): Limiter {
  const { fullPerSecond, observer, now, random } = settings
  const openedAtMs = now()
  const lanes = new Map<LaneName, Lane<Waiter>>(
    laneNames.map((name) => [name, createLane<Waiter>(fullPerSecond(name), openedAtMs)]),
  )
  const pause = createPause(random)
  const waiters = new Set<Waiter>()
  let inTurn = [...lanes.values()]
  let timer: NodeJS.Timeout | undefined
  let timerDueAtMs = Infinity
  let isClosed = false

  function lane(name: LaneName): Lane<Waiter> {
    const found = lanes.get(name)
    if (!found) throw new TypeError(`There is no lane ${name}.`)
    return found
  }

  /** Lets out who may go, and wakes up again for the next. */
  function letOut(): void {
    clearTimeout(timer)
    if (now() - timerDueAtMs > usualLatenessMs) for (const one of inTurn) one.stalled(now())
    timerDueAtMs = Infinity
    let restMs = Infinity
    for (const one of inTurn) {
      while (one.waiting > 0) {
        const waitMs = Math.max(one.waitMs(now()), pause.waitMs(now()))
        if (waitMs > 0) {
          restMs = Math.min(restMs, waitMs)
          break
        }
        send(one)
      }
    }
    if (restMs === Infinity) return
    // Timers count in whole milliseconds, and may fire one too soon: then there is a short wait left.
    const delayMs = Math.ceil(Math.min(restMs, longestRestMs))
    timerDueAtMs = now() + delayMs
    timer = setTimeout(letOut, delayMs)
  }

  function send(from: Lane<Waiter>): void {
    const sentAtMs = now()
    const next = from.next(sentAtMs)
    if (!next) return
    const { waiter, ended } = next
    leave(waiter)
    // What some calls are answered may be wrong with these alone: the next probe is of another lane.
    if (pause.reason) inTurn = [...inTurn.filter((other) => other !== from), from]
    pause.sent(sentAtMs)
    waiter.go({
      end(result) {
        const nowMs = now()
        const error = result instanceof UpstreamError ? result : undefined
        // Of credentials that could not be fetched AWS knows nothing.
        const isAnswered = result === 'answered' || error?.facts.status !== undefined
        ended(nowMs, isAnswered)
        if (error?.failure === 'throttled') from.throttled(nowMs, error.facts.retryAfterMs)
        if (error?.failure === 'unavailable') failed(nowMs, waiter.call, error)
        else if (isAnswered) wentThrough(nowMs, waiter.call)
        letOut()
      },
    })
  }

  function failed(nowMs: number, { destination }: Call, error: UpstreamError): void {
    if (!pause.failed(nowMs, error)) return
    const { exception } = error.facts
    observer.observe({ type: 'upstream_paused', destination: destination.name, exception })
    for (const waiter of waiters) waitForProbe(waiter)
  }

  function wentThrough(nowMs: number, { destination }: Call): void {
    const pausedMs = pause.wentThrough(nowMs)
    if (pausedMs === undefined) return
    const pausedSeconds = pausedMs / 1000
    observer.observe({ type: 'upstream_resumed', destination: destination.name, pausedSeconds })
    for (const waiter of waiters) clearTimeout(waiter.patience)
  }

  function waitForProbe(waiter: Waiter): void {
    const giveUp = () => waiter.fail(upstreamPaused(waiter.operation, pause.reason))
    if (waiter.pauseWaitMs === 0) giveUp()
    else waiter.patience = setTimeout(giveUp, waiter.pauseWaitMs)
  }

  function leave(waiter: Waiter): void {
    waiters.delete(waiter)
    clearTimeout(waiter.patience)
    lane(laneOf(waiter.operation)).remove(waiter)
  }

  async function take(operation: string, call: Call, pauseWaitMs: number): Promise<Turn> {
    call.signal.throwIfAborted()
    if (isClosed) throw upstreamClosed(operation)
    const { promise, resolve: go, reject } = Promise.withResolvers<Turn>()
    const waiter: Waiter = {
      operation,
      call,
      pauseWaitMs,
      go,
      fail(reason) {
        leave(waiter)
        reject(reason)
        if (waiters.size > 0) return
        clearTimeout(timer)
        timerDueAtMs = Infinity
      },
    }
    const stop = () => waiter.fail(call.signal.reason)
    call.signal.addEventListener('abort', stop, { once: true })
    waiters.add(waiter)
    lane(laneOf(operation)).add(waiter)
    letOut()
    if (pause.reason && waiters.has(waiter)) waitForProbe(waiter)
    return promise.finally(() => call.signal.removeEventListener('abort', stop))
  }

  return {
    turns: (pauseWaitMs) => ({ take: (operation, call) => take(operation, call, pauseWaitMs) }),
    isPaused: () =>
      pause.reason !== undefined && (waiters.size > 0 || now() - pause.failedAtMs < oldNewsMs),
    ratePerSecond: (name) => lane(name).perSecond(now()),
    quotasPerSecond: () =>
      Object.fromEntries(
        limitedOperations.map((operation) => [operation, lane(laneOf(operation)).perSecond(now())]),
      ),
    use: () =>
      Array.from(lanes, ([name, one]) => ({
        name,
        sentPerSecond: one.sentPerSecond(now()),
        perSecond: one.perSecond(now()),
        fullPerSecond: fullPerSecond(name),
        waiting: one.waiting,
      })),
    close() {
      isClosed = true
      for (const waiter of waiters) waiter.fail(upstreamClosed(waiter.operation))
    },
  }
}
