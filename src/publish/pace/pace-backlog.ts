import type { LayergateEvent, Observer } from '../../registry/events.ts'

/** What the upstream still has to take: followed from event to event, and set right by the journal. */
export interface PaceBacklog extends Observer {
  /** Verified, owed, not parked, and not sent yet. */
  readonly readyBytes: number
  /** The same, and what has come of the bodies that are being read. */
  readonly totalBytes: number
  /** So much more has come of a body. */
  admitted(bytes: number): void
  /** What is owed and not parked, as the journal has it. */
  correct(owedBytes: number): void
}

export function createPaceBacklog(): PaceBacklog {
  let bodies = 0
  let bodyBytes = 0
  let owedBytes = 0
  let flyingBytes = 0
  let sentBytes = 0

  // What a failed flight has sent stays counted until no flight is left, so it is held to the size of what flies.
  const readyBytes = () => Math.max(0, owedBytes - Math.min(sentBytes, flyingBytes))

  function observe(event: LayergateEvent): void {
    if (event.type === 'upload_started') {
      bodies += 1
    } else if (event.type === 'upload_ended') {
      bodies -= 1
      bodyBytes = bodies === 0 ? 0 : Math.max(0, bodyBytes - event.sizeBytes)
      if (event.outcome === 'verified') owedBytes += event.layerSizeBytes ?? event.sizeBytes
    } else if (event.type === 'blob_mounted') {
      owedBytes += event.sizeBytes
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
      if (isOff) owedBytes = Math.max(0, owedBytes - sizeBytes)
    }
  }

  return {
    get readyBytes() {
      return readyBytes()
    },
    get totalBytes() {
      return readyBytes() + bodyBytes
    },
    admitted(bytes) {
      bodyBytes += bytes
    },
    correct(bytes) {
      owedBytes = bytes
    },
    observe,
  }
}
