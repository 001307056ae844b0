import type { LayergateEvent, Observer } from '../../registry/events.ts'
import { type Backlog, createPaceBacklog, type PaceBacklog } from './pace-backlog.ts'
import { createUpstreamHealth, type UpstreamHealth } from './pace-health.ts'

/** Which destinations take what they are given, each by itself: one in trouble says nothing of the others. */
export interface PaceDestinations extends Observer {
  /** Whether any of those that are in use takes what it is given. */
  readonly isHealthy: boolean
  /** What is owed to those in trouble: nobody else has to wait for it. */
  readonly stuck: Backlog
  /** The names of those in trouble. */
  readonly inTrouble: readonly string[]
  /** What is owed to one and not parked, as the journal has it. */
  correct(name: string, owed: Backlog): void
}

/** Where layers of a repository go, as upstream events name it. */
export type DestinationOf = (repository: string) => string

export interface PaceDestinationsPorts {
  /** All is one destination when absent. */
  readonly destinationOf?: DestinationOf | undefined
  /** A clock in milliseconds that never goes back. */
  now(): number
}

interface State {
  readonly health: UpstreamHealth
  readonly backlog: PaceBacklog
  heardAtMs: number
}

/** Without any event for so long a destination is not in use: that it is well does not matter to anybody. */
const idleMs = 60_000

export function createPaceDestinations(ports: PaceDestinationsPorts): PaceDestinations {
  const { destinationOf, now } = ports
  const states = new Map<string, State>()

  function stateOf(name: string): State {
    const state = states.get(name) ?? {
      health: createUpstreamHealth(now),
      backlog: createPaceBacklog(),
      heardAtMs: 0,
    }
    states.set(name, state)
    return state
  }

  const troubled = () => [...states].filter(([, { health }]) => !health.isHealthy)

  return {
    get isHealthy() {
      if (states.size === 1) return troubled().length === 0
      const inUse = [...states.values()].filter(({ heardAtMs }) => now() - heardAtMs < idleMs)
      return troubled().length === 0 || inUse.some(({ health }) => health.isHealthy)
    },
    get stuck() {
      const backlogs = troubled().map(([, { backlog }]) => backlog.ready)
      return {
        bytes: backlogs.reduce((sum, { bytes }) => sum + bytes, 0),
        layers: backlogs.reduce((sum, { layers }) => sum + layers, 0),
      }
    },
    get inTrouble() {
      return troubled().map(([name]) => name)
    },
    correct: (name, owed) => stateOf(name).backlog.correct(owed),
    observe(event) {
      const name = destinationIn(event, destinationOf)
      if (name === undefined) return
      const state = stateOf(name)
      state.heardAtMs = now()
      state.backlog.observe(event)
      state.health.observe(event)
    },
  }
}

/** Of the events that change what is owed, or tell how the upstream is. */
export function destinationIn(
  event: LayergateEvent,
  destinationOf: DestinationOf | undefined,
): string | undefined {
  if (!destinationOf) return isOfDestination(event) || isOfRepository(event) ? 'all' : undefined
  if (isOfDestination(event)) return event.destination
  return isOfRepository(event) ? destinationOf(event.repository) : undefined
}

type Upstream = 'upstream_called' | 'upstream_retried' | 'upstream_paused' | 'upstream_resumed'

function isOfDestination(
  event: LayergateEvent,
): event is Extract<LayergateEvent, { type: Upstream }> {
  const { type } = event
  return (
    type === 'upstream_called' ||
    type === 'upstream_retried' ||
    type === 'upstream_paused' ||
    type === 'upstream_resumed'
  )
}

type Layers =
  | 'upload_started'
  | 'upload_ended'
  | 'blob_mounted'
  | 'forward_joined'
  | 'forward_started'
  | 'forward_ended'

function isOfRepository(event: LayergateEvent): event is Extract<LayergateEvent, { type: Layers }> {
  const { type } = event
  return (
    type === 'upload_started' ||
    type === 'upload_ended' ||
    type === 'blob_mounted' ||
    type === 'forward_joined' ||
    type === 'forward_started' ||
    type === 'forward_ended'
  )
}
