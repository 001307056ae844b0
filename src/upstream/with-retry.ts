import { UpstreamError } from '../publish/upstream-error.ts'
import type { Call, Upstream } from '../publish/upstream.ts'
import type { Observer } from '../registry/events.ts'
import { backoffMs } from './backoff.ts'
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
}

/**
 * An upstream whose calls are repeated while that may help. The only retry of calls in the service: what
 * changes the plan of an upload is decided above it.
 */
export function withRetry(upstream: Upstream, settings: RetrySettings): Upstream {
  const { observer, retryBudget, refreshCredentials, sleep, random, maxAttempts = 8 } = settings

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

  async function retry<T>(call: Call, run: (attempt: number) => Promise<T>): Promise<T> {
    let refreshed = false
    let refreshDue = false
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (refreshDue) await refresh(call)
        refreshDue = false
        return await run(attempt)
      } catch (error) {
        call.signal.throwIfAborted()
        if (!(error instanceof UpstreamError)) throw error
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
        observer.observe({
          type: 'upstream_retried',
          destination: call.destination.name,
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

  return {
    absent: (call, digests) => retry(call, () => upstream.absent(call, digests)),
    start: (call, layer) => retry(call, () => upstream.start(call, layer)),
    sendPart: (call, upload, layer, range) =>
      retry(call, () => upstream.sendPart(call, upload, layer, range)),
    complete: (call, upload, layer) =>
      retry(call, async (attempt) => {
        // The answer may have been lost after the layer was stored: then the upload is gone, and all is well.
        const lost = attempt > 1 && !(await upstream.absent(call, [layer.digest])).has(layer.digest)
        if (!lost) await upstream.complete(call, upload, layer)
      }),
  }
}
