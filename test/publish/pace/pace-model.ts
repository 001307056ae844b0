import type { UpstreamPace } from '../../../src/publish/pace/pace.ts'
import type { Observer } from '../../../src/registry/events.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { mebibyte, uploadEnded, uploadStarted } from './setup-pace.ts'
import { createUpstreamModel, type UpstreamLimits } from './upstream-model.ts'

const stepMs = 100
const chunkBytes = mebibyte

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
  /** What the upstream had before it when the last body ended, in time to take its bytes. */
  readonly backlogSeconds: number
}

/** From an agent to the pace. */
interface Line {
  readonly bytesPerSecond: number
  freeBytes: number
}

/** Agents that push layers through a pace to an upstream. */
export async function simulate(
  clock: ManualClock,
  pace: Pick<UpstreamPace, 'admit'> & Observer,
  limits: UpstreamLimits,
  agents: readonly Agent[],
): Promise<ReadonlyMap<string, Push>> {
  const startedAtMs = clock.now().getTime()
  const seconds = () => (clock.now().getTime() - startedAtMs) / 1000
  const pushes = new Map<string, Push>()
  const lines = new Set<Line>()
  const upstream = createUpstreamModel(clock, pace, limits, stepMs, ({ agent }) =>
    record(agent, { endsAtSeconds: seconds() }),
  )
  let step = Promise.withResolvers<void>()

  function record(agent: string, news: Partial<Push>): void {
    const before = { bodiesEndAtSeconds: 0, endsAtSeconds: 0, backlogSeconds: 0 }
    pushes.set(agent, { ...before, ...pushes.get(agent), ...news })
  }

  /** One of the layers that an agent pushes at the same time, and then the next one. */
  async function pushLayers(agent: Agent, layers: Iterable<number>, line: Line): Promise<void> {
    for (const sizeBytes of layers) {
      const { signal } = new AbortController()
      pace.observe(uploadStarted)
      for (let leftBytes = sizeBytes; leftBytes > 0; leftBytes -= chunkBytes) {
        while (line.freeBytes <= 0) await step.promise
        const bytes = Math.min(leftBytes, chunkBytes)
        line.freeBytes -= bytes
        await pace.admit(bytes, signal)
      }
      upstream.owe({ agent: agent.name, sizeBytes })
      pace.observe(uploadEnded(sizeBytes, 'verified', { layerSizeBytes: sizeBytes }))
      const backlogSeconds = upstream.backlogBytes() / limits.bytesPerSecond
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

  const pushed = agents.map(push)
  do {
    upstream.step()
    clock.advance(stepMs)
    refill()
    step.resolve()
    step = Promise.withResolvers()
    await nextTurn()
  } while (lines.size > 0 || upstream.isBusy())
  await Promise.all(pushed)
  return pushes
}
