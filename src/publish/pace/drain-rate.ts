import type { LayergateEvent, Observer } from '../../registry/events.ts'

/** How fast the upstream takes layers. */
export interface DrainRate extends Observer {
  /** `undefined` until layers worth a measure were sent. */
  readonly bytesPerSecond: number | undefined
}

/** What counts for the rate is mostly the last half minute in which there was something to send. */
const memoryMs = 30_000
/** Below the smallest whole part (ECR Public quota page: 5 MiB) the calls' latency is measured, not the upstream's rate. */
const leastLoadBytes = 5 * 1024 * 1024
/** The calls that a layer's bytes have to wait for, as AWS names them. */
const layerCalls: ReadonlySet<string> = new Set([
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
])

/**
 * Bytes and time both fade, and the rate is what is left of the one over what is left of the other. Time stands still while too
 * little is under way. What only waits for the limiter is not under way: else many small layers, which are held to so many calls in
 * a second, would make the line look slow. Which flights wait is not known, but what share of their time they all do.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createDrainRate(now: () => number): DrainRate {
  const paused = new Set<string>()
  let flights = 0
  let flyingBytes = 0
  let lastMs = 0
  let sentBytes = 0
  let spentMs = 0
  /** Of all flights together. */
  let flownMs = 0
  let waitedMs = 0
  let bytesPerSecond: number | undefined

  function isMeasuring(): boolean {
    const waitingShare = flownMs > 0 ? waitedMs / flownMs : 0
    return flyingBytes * (1 - waitingShare) >= leastLoadBytes && paused.size === 0
  }

  function turnClock(): void {
    const elapsedMs = now() - lastMs
    const kept = Math.exp(-elapsedMs / memoryMs)
    lastMs = now()
    if (isMeasuring()) {
      sentBytes *= kept
      spentMs = spentMs * kept + faded(elapsedMs)
    }
    flownMs = flownMs * kept + flights * faded(elapsedMs)
    waitedMs *= kept
  }

  function sent(layerBytes: number, callMs: number): void {
    if (!isMeasuring()) return
    // A part goes out over the whole time of its call: its first bytes have faded when they are counted.
    sentBytes += layerBytes * (callMs > 0 ? faded(callMs) / callMs : 1)
    if (spentMs > 0) bytesPerSecond = (sentBytes / spentMs) * 1000
  }

  function observe(event: LayergateEvent): void {
    if (event.type === 'forward_started') {
      turnClock()
      flights += 1
      flyingBytes += event.sizeBytes
    } else if (event.type === 'forward_ended') {
      turnClock()
      flights -= 1
      flyingBytes -= event.sizeBytes
    } else if (event.type === 'upstream_called' && layerCalls.has(event.operation)) {
      turnClock()
      if (event.sentLayerBytes > 0) sent(event.sentLayerBytes, event.seconds * 1000)
      waitedMs += faded(event.waitedSeconds * 1000)
    } else if (event.type === 'upstream_paused') {
      turnClock()
      paused.add(event.destination)
    } else if (event.type === 'upstream_resumed') {
      turnClock()
      paused.delete(event.destination)
    }
  }

  return {
    get bytesPerSecond() {
      return bytesPerSecond
    },
    observe,
  }
}

/** What is left of a span of time that ends now. */
function faded(spanMs: number): number {
  return memoryMs * (1 - Math.exp(-spanMs / memoryMs))
}
