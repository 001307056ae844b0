import type { UpstreamPace } from '../../../src/publish/pace/pace.ts'
import type { Observer } from '../../../src/registry/events.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import {
  forwardEnded,
  forwardStarted,
  mebibyte,
  partSent,
  uploadEnded,
  uploadStarted,
} from './setup-pace.ts'

const stepMs = 100
const chunkBytes = mebibyte
const partBytes = 10 * mebibyte
const maxFlights = 8

export interface Agent {
  readonly name: string
  readonly startsAtSeconds?: number
  readonly layerBytes: readonly number[]
  /** How many layers it pushes at once. */
  readonly parallel: number
  readonly bytesPerSecond: number
}

export interface Push {
  /** When the last byte of the last layer was read. */
  readonly bodiesEndAtSeconds: number
  /** When the upstream had all its layers. */
  readonly endsAtSeconds: number
  /** What the upstream had before it when the last body ended, in time to take it. */
  readonly backlogSeconds: number
}

interface Layer {
  readonly agent: string
  readonly sizeBytes: number
}

interface Flight extends Layer {
  sentBytes: number
  partSentBytes: number
  partStartedAtMs: number
}

/** From an agent to the pace. */
interface Line {
  readonly bytesPerSecond: number
  freeBytes: number
}

/** Agents that push layers through a pace to an upstream which takes so many bytes in a second, all flights together. */
export async function simulate(
  clock: ManualClock,
  pace: Pick<UpstreamPace, 'admit'> & Observer,
  upstreamBytesPerSecond: number,
  agents: readonly Agent[],
): Promise<ReadonlyMap<string, Push>> {
  const startedAtMs = clock.now().getTime()
  const seconds = () => (clock.now().getTime() - startedAtMs) / 1000
  const pushes = new Map<string, Push>()
  const owed: Layer[] = []
  const flights = new Set<Flight>()
  const lines = new Set<Line>()
  let step = Promise.withResolvers<void>()

  const backlogBytes = () =>
    owed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) +
    [...flights].reduce((sum, { sizeBytes, sentBytes }) => sum + sizeBytes - sentBytes, 0)

  function record(agent: string, news: Partial<Push>): void {
    const before = { bodiesEndAtSeconds: 0, endsAtSeconds: 0, backlogSeconds: 0 }
    pushes.set(agent, { ...before, ...pushes.get(agent), ...news })
  }

  /** One of the layers that an agent pushes at the same time, and then the next one. */
  async function pushLayers(agent: Agent, layers: Iterable<number>, line: Line): Promise<void> {
    for (const sizeBytes of layers) {
      const { signal } = new AbortController()
      pace.observe(uploadStarted)
      for (let bytes = 0; bytes < sizeBytes; bytes += chunkBytes) {
        while (line.freeBytes <= 0) await step.promise
        line.freeBytes -= chunkBytes
        await pace.admit(chunkBytes, signal)
      }
      owed.push({ agent: agent.name, sizeBytes })
      pace.observe(uploadEnded(sizeBytes, 'verified', { layerSizeBytes: sizeBytes }))
      const backlogSeconds = backlogBytes() / upstreamBytesPerSecond
      record(agent.name, { bodiesEndAtSeconds: seconds(), backlogSeconds })
    }
  }

  async function push(agent: Agent): Promise<void> {
    while (seconds() < (agent.startsAtSeconds ?? 0)) await step.promise
    const line: Line = { freeBytes: 0, bytesPerSecond: agent.bytesPerSecond }
    lines.add(line)
    const layers = agent.layerBytes.values()
    await Promise.all(Array.from({ length: agent.parallel }, () => pushLayers(agent, layers, line)))
    lines.delete(line)
  }

  function refill(): void {
    for (const line of lines) {
      line.freeBytes = Math.min(0, line.freeBytes) + (line.bytesPerSecond * stepMs) / 1000
    }
  }

  function takeOff(): void {
    while (flights.size < maxFlights) {
      const layer = owed.shift()
      if (!layer) return
      const partStartedAtMs = clock.now().getTime()
      flights.add({ ...layer, sentBytes: 0, partSentBytes: 0, partStartedAtMs })
      pace.observe(forwardStarted(layer.sizeBytes))
    }
  }

  function drain(flight: Flight, bytes: number): void {
    const wholeBytes = Math.min(partBytes, flight.sizeBytes - flight.sentBytes)
    flight.partSentBytes += bytes
    if (flight.partSentBytes < wholeBytes) return
    flight.sentBytes += wholeBytes
    flight.partSentBytes -= wholeBytes
    pace.observe(partSent(wholeBytes, (clock.now().getTime() - flight.partStartedAtMs) / 1000))
    flight.partStartedAtMs = clock.now().getTime()
    if (flight.sentBytes < flight.sizeBytes) return
    flights.delete(flight)
    pace.observe(forwardEnded(flight.sizeBytes))
    record(flight.agent, { endsAtSeconds: seconds() })
  }

  const pushed = agents.map(push)
  do {
    takeOff()
    const shareBytes = (upstreamBytesPerSecond * stepMs) / 1000 / flights.size
    for (const flight of flights) drain(flight, shareBytes)
    clock.advance(stepMs)
    refill()
    step.resolve()
    step = Promise.withResolvers()
    await nextTurn()
  } while (lines.size > 0 || owed.length > 0 || flights.size > 0)
  await Promise.all(pushed)
  return pushes
}
