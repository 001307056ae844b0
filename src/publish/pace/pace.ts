import type { Observer } from '../../registry/events.ts'
import { createDrainRate } from './drain-rate.ts'
import { createPaceBacklog } from './pace-backlog.ts'
import { createUpstreamHealth } from './pace-health.ts'
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
}

export interface PacePorts {
  /** What is owed to the upstream and not parked. Asked every 5 s at most, and only while bodies are read. */
  owedBytes(): Promise<number>
  /** The journal could not say what is owed; it is asked again. */
  onJournalError(error: unknown): void
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
 * While the upstream has more than AHEAD before it in verified layers, all bodies together are read at half the rate at which it
 * drains. While it is only together with unfinished bodies that there is so much, the oldest body is read at once, and the others
 * wait: the upstream can take nothing of a layer before its last byte came, and if all bodies were slowed alike, it would stand idle
 * until they end, all at the same time. So pacing moves the time that a push takes, and adds next to none. Nothing is paced before a
 * rate was measured, nor while the upstream is in trouble.
 */
export function createPace(ports: PacePorts, { aheadMs }: PaceSettings): UpstreamPace {
  const { now } = ports
  const rate = createDrainRate(now)
  const backlog = createPaceBacklog()
  const health = createUpstreamHealth(now)
  const queue = createPaceQueue({ mayPass, onPass, isFrontTooSlow, now })
  /** Drained, and not replaced yet. */
  let replaceableBytes = 0
  let passedBytes = 0
  let countedAtMs = now()
  let askedAtMs = -Infinity

  const aheadBytes = () => ((rate.bytesPerSecond ?? Infinity) / 1000) * aheadMs
  const isPacing = () => backlog.totalBytes > aheadBytes() && health.isHealthy
  const isHungry = () => backlog.readyBytes <= aheadBytes()

  function mayPass(isInFront: boolean): boolean {
    return !isPacing() || replaceableBytes > 0 || (isInFront && isHungry())
  }

  function onPass(bytes: number): void {
    backlog.admitted(bytes)
    passedBytes += bytes
    if (replaceableBytes > 0) replaceableBytes -= bytes
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
      backlog.correct(await ports.owedBytes())
    } catch (error) {
      ports.onJournalError(error)
    }
    queue.serve()
  }

  return {
    get isPacing() {
      return isPacing()
    },
    async admit(bytes, signal) {
      signal.throwIfAborted()
      if (now() - askedAtMs >= askAgainMs) void askJournal()
      if (isPacing()) await queue.enter(bytes, signal)
      else backlog.admitted(bytes)
    },
    observe(event) {
      rate.observe(event)
      backlog.observe(event)
      health.observe(event)
      if (!isPacing()) replaceableBytes = 0
      else if (event.type === 'upstream_called') {
        const moreBytes = event.sentLayerBytes * replacedShare
        replaceableBytes = Math.min(replaceableBytes + moreBytes, aheadBytes())
      }
      queue.serve()
    },
  }
}
