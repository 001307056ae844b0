import { createFairQueue } from '../../fairness/fair-queue.ts'
import type { Call } from '../../publish/upstream.ts'
import { createCallRate } from './call-rate.ts'
import { createLaneRate } from './lane-rate.ts'
import { createSpacing, type Ended } from './spacing.ts'

/** Calls that share a quota. It has no timer: whoever owns it asks when the next may go. */
export interface Lane<W extends { readonly call: Call }> {
  readonly waiting: number
  add(waiter: W): void
  remove(waiter: W): void
  /** How long until the next call may go out; 0: at once. */
  waitMs(nowMs: number): number
  /** Whose turn it is, fair between agents; those for whom a manifest waits before all others. Its call goes out now. */
  next(nowMs: number): { readonly waiter: W; readonly ended: Ended } | undefined
  /** AWS had too many calls, and may say for how long it wants none. */
  throttled(nowMs: number, retryAfterMs?: number): void
  /** The process stood still until now. */
  stalled(nowMs: number): void
  perSecond(nowMs: number): number
  /** How many went out in a second lately. */
  sentPerSecond(nowMs: number): number
}

const longestHoldMs = 5 * 60_000
/**
 * A minute at ten calls a second. As far as AWS tells of its buckets they hold more than one call (Amazon ECR user guide, common errors:
 * GetAuthorizationToken 200), and then calls need not be apart as they arrive, which costs time where answers take now long, now short.
 */
const callsUntilTrust = 600

export function createLane<W extends { readonly call: Call }>(
  fullPerSecond: number,
  openedAtMs: number,
): Lane<W> {
  const queue = createFairQueue<W>()
  const rate = createLaneRate(fullPerSecond)
  const spacing = createSpacing(openedAtMs)
  const sent = createCallRate()
  let heldUntilMs = -Infinity
  let callsInPeace = 0

  function waitMs(nowMs: number): number {
    const gapMs = rate.gapMs(nowMs)
    const isTrusted = callsInPeace >= callsUntilTrust
    return isTrusted ? spacing.gapLeftMs(nowMs, gapMs) : spacing.waitMs(nowMs, gapMs)
  }

  return {
    get waiting() {
      return queue.size
    },
    add: (waiter) => queue.add(waiter.call.agent, waiter),
    remove: (waiter) => queue.remove(waiter.call.agent, waiter),
    waitMs: (nowMs) => Math.max(heldUntilMs - nowMs, waitMs(nowMs)),

    next(nowMs) {
      const waiter = queue.next(({ call }) => call.isAwaited?.() ?? false)
      callsInPeace += 1
      sent.sent(nowMs)
      return waiter && { waiter, ended: spacing.sent(nowMs) }
    },

    throttled(nowMs, retryAfterMs = 0) {
      rate.throttled(nowMs)
      callsInPeace = 0
      heldUntilMs = Math.max(heldUntilMs, nowMs + Math.min(retryAfterMs, longestHoldMs))
    },
    stalled: spacing.stalled,
    perSecond: rate.perSecond,
    sentPerSecond: sent.perSecond,
  }
}
