import type { LayergateEvent, Observer } from '../../registry/events.ts'

/** Whether the upstream takes what it is given. Slow is healthy too. */
export interface UpstreamHealth extends Observer {
  readonly isHealthy: boolean
}

/** From the first failure to the last, with nothing taken between. */
const failingMs = 10_000
/** With flights under way. A part may take that long on a slow line: the largest has 10 MiB. */
const silentMs = 60_000

/**
 * An account that answers nothing is paused by the limiter, and that is heard at once. What is left to see here are layers that do
 * not get through while other calls do, and parts that hang: their calls end after minutes only.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createUpstreamHealth(now: () => number): UpstreamHealth {
  const paused = new Set<string>()
  let flights = 0
  /** From when on it has been silent, if it is. May lie ahead. */
  let silentFromMs = 0
  let firstFailureMs: number | undefined
  let lastFailureMs = 0

  function failed(): void {
    lastFailureMs = now()
    firstFailureMs ??= lastFailureMs
  }

  function took(): void {
    silentFromMs = Math.max(silentFromMs, now())
    firstFailureMs = undefined
  }

  function observe(event: LayergateEvent): void {
    if (event.type === 'forward_started') {
      if (flights === 0) silentFromMs = now()
      flights += 1
    } else if (event.type === 'forward_ended') {
      flights -= 1
      if (event.outcome === 'postponed') failed()
      if (event.outcome === 'forwarded' || event.outcome === 'already_present') took()
    } else if (event.type === 'upstream_called') {
      if (event.sentLayerBytes > 0) took()
    } else if (event.type === 'upstream_retried') {
      if (event.reason === 'unavailable') failed()
      // It answered, and may have asked for minutes of rest.
      if (event.reason === 'throttled') {
        silentFromMs = Math.max(silentFromMs, now() + event.waitMs)
      }
    } else if (event.type === 'upstream_paused') {
      paused.add(event.destination)
    } else if (event.type === 'upstream_resumed') {
      paused.delete(event.destination)
      took()
    }
  }

  return {
    get isHealthy() {
      const isFailing = firstFailureMs !== undefined && lastFailureMs - firstFailureMs >= failingMs
      const isSilent = flights > 0 && now() - silentFromMs >= silentMs
      return paused.size === 0 && !isFailing && !isSilent
    },
    observe,
  }
}
