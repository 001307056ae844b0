import type { Observer } from '../../registry/events.ts'

/** How fast the upstream takes layers. */
export interface DrainRate extends Observer {
  /** `undefined` until layers worth a measure were sent. */
  readonly bytesPerSecond: number | undefined
}

/** What counts for the rate is mostly the last half minute in which there was something to send. */
const memoryMs = 30_000
/** Below the smallest whole part (ECR Public quota page: 5 MiB) the calls' latency is measured, not the upstream's rate. */
const leastLoadBytes = 5 * 1024 * 1024

/**
 * Bytes and time both fade, and the rate is what is left of the one over what is left of the other. Time stands still while too
 * little is under way.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createDrainRate(now: () => number): DrainRate {
  let loadBytes = 0
  let lastMs = 0
  let sentBytes = 0
  let spentMs = 0
  let bytesPerSecond: number | undefined

  function turnClock(): void {
    const elapsedMs = loadBytes >= leastLoadBytes ? now() - lastMs : 0
    const kept = Math.exp(-elapsedMs / memoryMs)
    sentBytes *= kept
    spentMs = spentMs * kept + faded(elapsedMs)
    lastMs = now()
  }

  return {
    get bytesPerSecond() {
      return bytesPerSecond
    },
    observe(event) {
      if (event.type === 'forward_started') {
        turnClock()
        loadBytes += event.sizeBytes
      } else if (event.type === 'forward_ended') {
        turnClock()
        loadBytes -= event.sizeBytes
      } else if (event.type === 'upstream_called' && event.sentLayerBytes > 0) {
        turnClock()
        const callMs = event.seconds * 1000
        // A part goes out over the whole time of its call: its first bytes have faded when they are counted.
        const keptBytes = event.sentLayerBytes * (callMs > 0 ? faded(callMs) / callMs : 1)
        if (loadBytes < leastLoadBytes) return
        sentBytes += keptBytes
        if (spentMs > 0) bytesPerSecond = (sentBytes / spentMs) * 1000
      }
    },
  }
}

/** What is left of a span of time that ends now. */
function faded(spanMs: number): number {
  return memoryMs * (1 - Math.exp(-spanMs / memoryMs))
}
