import type { LayergateEvent, Observer } from '../../registry/events.ts'
import { type DestinationOf, destinationIn } from './pace-destinations.ts'

/** To one destination. */
interface Way {
  flights: number
  flyingBytes: number
  /** The names under which its account was told to be paused. */
  readonly pausedBy: Set<string>
  /** Since it was resumed; before that, all the time. */
  openSinceMs: number
}

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
 * a second, would make the line look slow. Which flights wait is not known, but what share of their time they all do. What flies to a
 * destination whose account is paused is not under way either.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createDrainRate(now: () => number, destinationOf?: DestinationOf): DrainRate {
  const ways = new Map<string, Way>()
  let lastMs = 0
  let sentBytes = 0
  let spentMs = 0
  /** Of all flights together. */
  let flownMs = 0
  let waitedMs = 0
  let bytesPerSecond: number | undefined

  function wayOf(name: string): Way {
    const way = ways.get(name) ?? newWay()
    ways.set(name, way)
    return way
  }

  const open = () => [...ways.values()].filter(({ pausedBy }) => pausedBy.size === 0)

  function isMeasuring(): boolean {
    const waitingShare = flownMs > 0 ? waitedMs / flownMs : 0
    const flyingBytes = open().reduce((sum, way) => sum + way.flyingBytes, 0)
    return flyingBytes > 0 && flyingBytes * (1 - waitingShare) >= leastLoadBytes
  }

  function turnClock(): void {
    const elapsedMs = now() - lastMs
    const kept = Math.exp(-elapsedMs / memoryMs)
    lastMs = now()
    if (isMeasuring()) {
      sentBytes *= kept
      spentMs = spentMs * kept + faded(elapsedMs)
    }
    const flights = open().reduce((sum, way) => sum + way.flights, 0)
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
    const name = destinationIn(event, destinationOf)
    if (name === undefined) return
    const way = wayOf(name)
    if (event.type === 'forward_started') {
      turnClock()
      way.flights += 1
      way.flyingBytes += event.sizeBytes
    } else if (event.type === 'forward_ended') {
      turnClock()
      way.flights -= 1
      way.flyingBytes -= event.sizeBytes
    } else if (event.type === 'upstream_called' && layerCalls.has(event.operation)) {
      turnClock()
      if (event.sentLayerBytes > 0) sent(event.sentLayerBytes, event.seconds * 1000)
      // The time of a pause is no time of flight, so no wait either.
      const openMs = Math.max(0, now() - event.seconds * 1000 - way.openSinceMs)
      waitedMs += faded(Math.min(event.waitedSeconds * 1000, openMs))
    } else if (event.type === 'upstream_paused') {
      turnClock()
      way.pausedBy.add(event.destination)
    } else if (event.type === 'upstream_resumed') {
      turnClock()
      way.pausedBy.delete(event.destination)
      way.openSinceMs = now()
    }
  }

  return {
    get bytesPerSecond() {
      return bytesPerSecond
    },
    observe,
  }
}

function newWay(): Way {
  return { flights: 0, flyingBytes: 0, pausedBy: new Set(), openSinceMs: -Infinity }
}

/** What is left of a span of time that ends now. */
function faded(spanMs: number): number {
  return memoryMs * (1 - Math.exp(-spanMs / memoryMs))
}
