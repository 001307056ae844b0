import type { Observer } from '../../../src/registry/events.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { called, forwardEnded, forwardStarted, mebibyte, partSent } from './setup-pace.ts'

export interface UpstreamLimits {
  /** All flights together. */
  readonly bytesPerSecond: number
  /** Uploads that may be started in a second, and as many that may be completed. */
  readonly layersPerSecond: number
}

export interface Layer {
  readonly agent: string
  readonly sizeBytes: number
}

interface Flight extends Layer {
  /** Waits for its turn in a lane, or for the answer to its call, or sends. */
  step: 'start' | 'starting' | 'send' | 'complete' | 'completing'
  sinceMs: number
  waitedMs: number
  sentBytes: number
  partSentBytes: number
}

const partBytes = 10 * mebibyte
const maxFlights = 16
const startMs = 100
const completeMs = 300

/** An upstream behind a limiter, which takes layers one after the other, some at once. */
export function createUpstreamModel(
  clock: ManualClock,
  pace: Observer,
  limits: UpstreamLimits,
  stepMs: number,
  onEnd: (layer: Layer) => void,
) {
  const owed: Layer[] = []
  const flights = new Set<Flight>()
  const nowMs = () => clock.now().getTime()
  const lanes = { start: createLane(), complete: createLane() }

  /** Burst 1. */
  function createLane() {
    let freeAtMs = 0
    return {
      take(): boolean {
        if (nowMs() < freeAtMs) return false
        freeAtMs = Math.max(freeAtMs, nowMs() - stepMs) + 1000 / limits.layersPerSecond
        return true
      },
    }
  }

  function enter(flight: Flight, step: Flight['step']): void {
    flight.waitedMs = nowMs() - flight.sinceMs
    flight.step = step
    flight.sinceMs = nowMs()
  }

  function takeOff(): void {
    while (flights.size < maxFlights) {
      const layer = owed.shift()
      if (!layer) return
      const none = { waitedMs: 0, sentBytes: 0, partSentBytes: 0 }
      flights.add({ ...layer, ...none, step: 'start', sinceMs: nowMs() })
      pace.observe(forwardStarted(layer.sizeBytes))
    }
  }

  function send(flight: Flight, bytes: number): void {
    const wholeBytes = Math.min(partBytes, flight.sizeBytes - flight.sentBytes)
    flight.partSentBytes += bytes
    if (flight.partSentBytes < wholeBytes) return
    flight.sentBytes += wholeBytes
    flight.partSentBytes -= wholeBytes
    enter(flight, 'send')
    pace.observe(partSent(wholeBytes, flight.waitedMs / 1000))
    if (flight.sentBytes >= flight.sizeBytes) flight.step = 'complete'
  }

  function answer(flight: Flight, operation: string, afterMs: number): boolean {
    if (nowMs() - flight.sinceMs < afterMs) return false
    pace.observe(called(operation, flight.waitedMs / 1000, afterMs / 1000))
    return true
  }

  function move(flight: Flight, shareBytes: number): void {
    const { step } = flight
    if (step === 'start' || step === 'complete') {
      if (lanes[step].take()) enter(flight, step === 'start' ? 'starting' : 'completing')
    } else if (step === 'starting') {
      if (answer(flight, 'InitiateLayerUpload', startMs)) enter(flight, 'send')
    } else if (step === 'send') {
      send(flight, shareBytes)
    } else if (answer(flight, 'CompleteLayerUpload', completeMs)) {
      flights.delete(flight)
      pace.observe(forwardEnded(flight.sizeBytes))
      onEnd(flight)
    }
  }

  return {
    owe: (layer: Layer) => void owed.push(layer),
    /** What happens in `stepMs` from now on. */
    step(): void {
      takeOff()
      const sending = [...flights].filter(({ step }) => step === 'send').length
      const shareBytes = (limits.bytesPerSecond * stepMs) / 1000 / sending
      for (const flight of flights) move(flight, shareBytes)
    },
    isBusy: () => owed.length > 0 || flights.size > 0,
    backlogBytes: () =>
      owed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) +
      [...flights].reduce((sum, { sizeBytes, sentBytes }) => sum + sizeBytes - sentBytes, 0),
  }
}
