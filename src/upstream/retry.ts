import { UpstreamError } from '../publish/upstream-error.ts'
import type { Call } from '../publish/upstream.ts'
import type { Observer } from '../registry/events.ts'
import { backoffMs } from './backoff.ts'
import { callerOf } from './caller-of.ts'
import type { RefreshCredentials } from './credentials.ts'
import type { RetryBudget } from './retry-budget.ts'
import { decideRetry } from './retry-policy.ts'
import type { Sleep } from './sleep.ts'

export interface RetrySettings {
  readonly observer: Observer
  readonly retryBudget: RetryBudget
  readonly refreshCredentials: RefreshCredentials
  readonly sleep: Sleep
  /** From 0 to 1. */
  readonly random: () => number
  /** Of one call, the first included. */
  readonly maxAttempts?: number
  /** A call that should wait longer before it is made again is given up. */
  readonly maxWaitMs?: number
}

/** Runs a call again while that may help, as `decideRetry` says. Throws what the last attempt threw, or the reason of `call.signal`. */
export interface Retry {
  /** @param run is told which attempt it is; the first is 1 */
  <T>(call: Call, run: (attempt: number) => Promise<T>): Promise<T>
}

export function createRetry(settings: RetrySettings): Retry {
  const { observer, retryBudget, refreshCredentials, sleep, random } = settings
  const { maxAttempts = 8, maxWaitMs = Infinity } = settings

  async function refresh(call: Call): Promise<void> {
    const event = { type: 'credentials_refreshed', destination: call.destination.name } as const
    try {
      await refreshCredentials(call.signal)
    } catch (error) {
      call.signal.throwIfAborted()
      observer.observe({ ...event, outcome: 'failed' })
      throw error
    }
    observer.observe({ ...event, outcome: 'refreshed' })
  }

  return async (call, run) => {
    let refreshed = false
    let refreshDue = false
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (refreshDue) await refresh(call)
        refreshDue = false
        return await run(attempt)
      } catch (error) {
        call.signal.throwIfAborted()
        // What was held back has waited as long as it may: it is not for this call to wait more.
        if (!(error instanceof UpstreamError) || error.facts.wasSent === false) throw error
        const decision = decideRetry(error.failure, { attempt, maxAttempts, refreshed })
        if (decision.do === 'give_up') throw error
        if (decision.do === 'refresh_credentials') {
          refreshed = true
          refreshDue = true
        }
        const waitMs =
          decision.do === 'wait'
            ? backoffMs(decision.baseMs, attempt, random(), error.facts.retryAfterMs)
            : 0
        if (waitMs > maxWaitMs) throw error
        observer.observe({
          type: 'upstream_retried',
          destination: call.destination.name,
          ...callerOf(call),
          operation: error.facts.operation,
          reason: error.failure,
          exception: error.facts.exception,
          ...(error.facts.requestId !== undefined && { upstreamRequestId: error.facts.requestId }),
          attempt,
          waitMs,
        })
        await sleep(waitMs, call.signal)
        await retryBudget.take(call.signal)
      }
    }
  }
}
