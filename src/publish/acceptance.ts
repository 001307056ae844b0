import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { Destination } from '../registry/destination.ts'
import type { Digest } from '../registry/digest.ts'
import type { Observer } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Door } from './door.ts'
import type { Forward, ForwardError, ForwardJournal, ForwardKey } from './forward-journal.ts'
import type { ForwardOrigins } from './forward-origins.ts'

/** On whose behalf, and where to, a layer is accepted. */
export interface Target {
  readonly agent: string
  readonly repository: RepositoryName
  readonly destination: Destination
  /** Of the request that it comes with, where there is one. */
  readonly requestId?: string
  /** Whom the agent's name stands for, where it stands for several. */
  readonly owner?: string
}

/** The way from a verified layer to a recorded debt, and to the news of it. */
export interface Acceptance {
  /**
   * @throws LayergateError when the upstream definitely would not take the layer
   * @throws the reason of `signal`
   */
  check(target: Target, digest: Digest, signal: AbortSignal): Promise<void>
  /**
   * The layer is owed to the upstream, durably, when this resolves.
   *
   * @param hold why it is only kept, and not sent before a manifest gives its role
   */
  record(target: Target, layer: VerifiedLayer, hold?: ForwardError): Promise<Forward>
  /**
   * The forward as it stands when it is done, when it needs a person, or after `waitMs`.
   *
   * @throws the reason of `signal`
   */
  settled(forward: Forward, waitMs: number, signal: AbortSignal): Promise<Forward>
}

export function createAcceptance(
  journal: Pick<ForwardJournal, 'record' | 'settled' | 'find'>,
  door: Door,
  origins: Pick<ForwardOrigins, 'recorded'>,
  observer: Observer,
): Acceptance {
  return {
    check: (target, digest, signal) => door.check({ ...target, signal }, digest),

    async record(target, { digest, sizeBytes }, hold) {
      const { repository, agent, requestId } = target
      const key = forwardKey(target, digest)
      const recorded = await origins.recorded(key, requestId, () =>
        journal.record(key, agent, sizeBytes, hold),
      )
      if (recorded.isJoined) {
        const request = requestId === undefined ? {} : { requestId }
        const about = { repository, agent, digest, sizeBytes, ...request }
        observer.observe({ type: 'forward_joined', ...about })
      }
      return recorded.forward
    },

    async settled(forward, waitMs, signal) {
      signal.throwIfAborted()
      if (waitMs === 0) return forward
      const enough = AbortSignal.timeout(waitMs)
      try {
        return await journal.settled(forward.key, AbortSignal.any([signal, enough]))
      } catch (error) {
        signal.throwIfAborted()
        if (!enough.aborted) throw error
        return (await journal.find(forward.key)) ?? forward
      }
    },
  }
}

export function forwardKey(target: Omit<Target, 'agent'>, digest: Digest): ForwardKey {
  return { registry: target.destination.registry, repository: target.repository, digest }
}
