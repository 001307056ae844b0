import type { Observer } from '../../registry/events.ts'
import { createDrainRate } from './drain-rate.ts'
import { type Backlog, createPaceBacklog } from './pace-backlog.ts'
import { createPaceDestinations, type DestinationOf } from './pace-destinations.ts'
import { createPaceQueue } from './pace-queue.ts'

/** How fast bodies are read, so that the spool does not run far ahead of a healthy upstream. It learns from events. */
export interface UpstreamPace extends Observer {
  /** Whether bodies may have to wait. */
  readonly isPacing: boolean
  /**
   * Resolves when `bytes` more may be read from clients.
   *
   * @param signal one for each body, since it also tells whose bytes they are
   * @throws the reason of `signal`
   */
  admit(bytes: number, signal: AbortSignal): Promise<void>
  /** All of the body of `signal` has come: the next one need not wait for it. */
  end(signal: AbortSignal): void
}

export interface PacePorts {
  /** What is owed to the upstream and not parked. Asked every 5 s at most, and only while bodies are read. */
  owed(): Promise<Backlog>
  /** The same of one destination, where the journal can tell. Asked together with it, of those that are in trouble. */
  owedTo?(destination: string): Promise<Backlog>
  /** All is one destination when absent. */
  readonly destinationOf?: DestinationOf
  /** The journal could not say what is owed; it is asked again. */
  onJournalError(error: unknown): void
  /** How many layers the limiter lets through at this moment. */
  layersPerSecond(): number
  /** A clock in milliseconds that never goes back. */
  now(): number
}

export interface PaceSettings {
  /** What a healthy upstream may have before it, in time to take it. */
  readonly aheadMs: number
}

/** Events tell nearly all that changes it. */
const askAgainMs = 5_000
/** Less than all, so that a backlog that is too long becomes shorter. */
const replacedShare = 1 / 2

/**
 * Two things bind the upstream: the line, which takes so many bytes in a second, and the account's quota, which takes so many layers.
 *
 * While it has more than AHEAD before it in verified bytes, all bodies together are read at half the rate at which it drains. While
 * it is only together with unfinished bodies that there is so much, the oldest body is read at once, and the others wait: the upstream
 * can take nothing of a layer before its last byte came, and if all bodies were slowed alike, it would stand idle until they end, all
 * at the same time.
 *
 * While it has more than AHEAD before it in layers, a body begins to be read for every second layer that has ended; one that has begun
 * goes on, since of a small layer the first chunk is all. While it is only together with unfinished bodies that there are so many, as
 * many begin in a second as the upstream could take: those before them may have slow clients.
 *
 * A destination in trouble, as one whose account is paused, does not count: what is owed to it holds up no body. Whose bodies are read
 * is not known here, so those of such a destination are read like the others as long as any other is in use.
 *
 * So pacing moves the time that a push takes, and adds next to none. Bytes are not paced before a rate was measured, and nothing is
 * while all of the upstream is in trouble.
 */
export function createPace(ports: PacePorts, { aheadMs }: PaceSettings): UpstreamPace {
  const { now, destinationOf } = ports
  const rate = createDrainRate(now, destinationOf)
  const backlog = createPaceBacklog()
  const destinations = createPaceDestinations({ destinationOf, now })
  const queue = createPaceQueue({ mayBegin, mayGoOn, onPass, onSecond, isFrontTooSlow, now })
  const begun = new WeakSet<AbortSignal>()
  /** Drained, and not replaced yet. */
  let replaceableBytes = 0
  let replaceableLayers = 0
  let passedBytes = 0
  let countedAtMs = now()
  let askedAtMs = -Infinity

  const aheadBytes = () => ((rate.bytesPerSecond ?? Infinity) / 1000) * aheadMs
  const aheadLayers = () => (ports.layersPerSecond() / 1000) * aheadMs
  const movable = ({ bytes, layers }: Backlog): Backlog => {
    const { stuck } = destinations
    return { bytes: Math.max(0, bytes - stuck.bytes), layers: Math.max(0, layers - stuck.layers) }
  }
  const areBytesPaced = () => destinations.isHealthy && movable(backlog.total).bytes > aheadBytes()
  const areLayersPaced = () =>
    destinations.isHealthy && movable(backlog.total).layers > aheadLayers()
  const isHungryForBytes = () => movable(backlog.ready).bytes <= aheadBytes()
  const isHungryForLayers = () => movable(backlog.ready).layers <= aheadLayers()
  const isPacing = () => areBytesPaced() || areLayersPaced()

  function mayBegin(): boolean {
    return !areLayersPaced() || replaceableLayers >= 1
  }

  function mayGoOn(isInFront: boolean): boolean {
    return !areBytesPaced() || replaceableBytes > 0 || (isInFront && isHungryForBytes())
  }

  function onPass(bytes: number, isFirst: boolean): void {
    backlog.admitted(bytes, isFirst)
    passedBytes += bytes
    if (replaceableBytes > 0) replaceableBytes -= bytes
    if (isFirst && replaceableLayers >= 1) replaceableLayers -= 1
  }

  function onSecond(): void {
    if (!areLayersPaced() || !isHungryForLayers()) return
    const moreLayers = ports.layersPerSecond()
    if (replaceableLayers < Math.max(1, moreLayers)) replaceableLayers += moreLayers
  }

  function isFrontTooSlow(): boolean {
    const drainableBytes = ((rate.bytesPerSecond ?? 0) / 1000) * (now() - countedAtMs)
    const isSlow = passedBytes < drainableBytes
    passedBytes = 0
    countedAtMs = now()
    return isSlow
  }

  async function askJournal(): Promise<void> {
    askedAtMs = now()
    try {
      backlog.correct(await ports.owed())
      for (const name of destinations.inTrouble) {
        const owed = await ports.owedTo?.(name)
        if (owed) destinations.correct(name, owed)
      }
    } catch (error) {
      ports.onJournalError(error)
    }
    queue.serve()
  }

  function replaceBytes(drainedBytes: number): void {
    const bytes = replaceableBytes + drainedBytes * replacedShare
    replaceableBytes = areBytesPaced() ? Math.min(bytes, aheadBytes()) : 0
  }

  function replaceLayers(drainedLayers: number): void {
    const layers = replaceableLayers + drainedLayers * replacedShare
    replaceableLayers = areLayersPaced() ? Math.min(layers, Math.max(1, aheadLayers())) : 0
  }

  return {
    get isPacing() {
      return isPacing()
    },
    async admit(bytes, signal) {
      signal.throwIfAborted()
      if (now() - askedAtMs >= askAgainMs) void askJournal()
      const isFirst = !begun.has(signal)
      if (isPacing()) await queue.enter(bytes, signal, isFirst)
      else backlog.admitted(bytes, isFirst)
      begun.add(signal)
    },
    end: queue.end,
    observe(event) {
      const before = backlog.ready.layers
      rate.observe(event)
      backlog.observe(event)
      destinations.observe(event)
      replaceBytes(event.type === 'upstream_called' ? event.sentLayerBytes : 0)
      replaceLayers(Math.max(0, before - backlog.ready.layers))
      queue.serve()
    },
  }
}
