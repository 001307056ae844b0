import type { LayergateEvent, Observer } from '../../registry/events.ts'

/** How much the upstream has to take. */
export interface Backlog {
  readonly bytes: number
  readonly layers: number
}

/**
 * What the upstream still has to take: followed from event to event, and set right by the journal. Whether a verified layer is held, and
 * so not to be sent, no event tells: it counts until the journal is asked.
 */
export interface PaceBacklog extends Observer {
  /** Verified, owed and not parked. What was sent of a layer is off its bytes; the layer itself is off when its flight has ended. */
  readonly ready: Backlog
  /** The same, and the bodies that are being read: what has come of them, and a layer for each. */
  readonly total: Backlog
  /** So much more has come of a body. */
  admitted(bytes: number, isFirstOfBody: boolean): void
  /** What is owed and not parked, as the journal has it. */
  correct(owed: Backlog): void
}

export function createPaceBacklog(): PaceBacklog {
  /** Announced; the first bytes have come of `begun`. */
  let bodies = 0
  let begun = 0
  let bodyBytes = 0
  let owedBytes = 0
  let owedLayers = 0
  let flyingBytes = 0
  let sentBytes = 0
  /** The sizes of layers that came again while they were owed, whose bodies have not ended yet. */
  let joined: number[] = []

  function readyNow(): Backlog {
    // What a failed flight has sent stays counted until no flight is left, so it is held to the size of what flies.
    const bytes = Math.max(0, owedBytes - Math.min(sentBytes, flyingBytes))
    return { bytes, layers: owedLayers }
  }

  function owe(sizeBytes: number): void {
    owedBytes += sizeBytes
    owedLayers += 1
  }

  function pay(sizeBytes: number): void {
    owedBytes = Math.max(0, owedBytes - sizeBytes)
    owedLayers = Math.max(0, owedLayers - 1)
  }

  /** Any layer of that size will do: only sizes are counted. */
  function isSecondDebt(sizeBytes: number): boolean {
    const at = joined.indexOf(sizeBytes)
    if (at >= 0) joined.splice(at, 1)
    return at >= 0
  }

  function endBody(sizeBytes: number): void {
    bodies -= 1
    bodyBytes = Math.max(0, bodyBytes - sizeBytes)
    if (sizeBytes > 0) begun = Math.max(0, begun - 1)
    if (bodies > 0) return
    bodyBytes = 0
    begun = 0
    joined = []
  }

  function observe(event: LayergateEvent): void {
    if (event.type === 'upload_started') {
      bodies += 1
    } else if (event.type === 'forward_joined') {
      joined.push(event.sizeBytes)
    } else if (event.type === 'upload_ended') {
      const layerBytes = event.layerSizeBytes ?? event.sizeBytes
      if (event.outcome === 'verified' && !isSecondDebt(layerBytes)) owe(layerBytes)
      endBody(event.sizeBytes)
    } else if (event.type === 'blob_mounted') {
      owe(event.sizeBytes)
    } else if (event.type === 'forward_started') {
      flyingBytes += event.sizeBytes
    } else if (event.type === 'upstream_called') {
      sentBytes += event.sentLayerBytes
    } else if (event.type === 'forward_ended') {
      const { outcome, sizeBytes } = event
      flyingBytes -= sizeBytes
      if (outcome === 'forwarded') sentBytes = Math.max(0, sentBytes - sizeBytes)
      if (flyingBytes === 0) sentBytes = 0
      const isOff = outcome === 'forwarded' || outcome === 'already_present' || outcome === 'parked'
      if (isOff) pay(sizeBytes)
    }
  }

  return {
    get ready() {
      return readyNow()
    },
    get total() {
      const { bytes, layers } = readyNow()
      return { bytes: bytes + bodyBytes, layers: layers + begun }
    },
    admitted(bytes, isFirstOfBody) {
      bodyBytes += bytes
      if (isFirstOfBody) begun += 1
    },
    correct({ bytes, layers }) {
      owedBytes = bytes
      owedLayers = layers
    },
    observe,
  }
}
