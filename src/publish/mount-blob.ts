import { openIfHeld } from '../layers/open-if-held.ts'
import type { Spool } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import type { Observer } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import { type Acceptance, forwardKey, type Target } from './acceptance.ts'
import type { ForwardError, ForwardJournal } from './forward-journal.ts'
import type { ForwardOrigins } from './forward-origins.ts'
import { type CanPull, knownForwards } from './known-layer.ts'

export interface Mount {
  readonly target: Target
  readonly digest: Digest
  /** Where the client knows the layer to be; anywhere when it does not say. */
  readonly from?: string
  /** Whether the agent may read there: other repositories' layers do not exist for it. */
  readonly canPull: CanPull
  readonly requestId: string
}

/**
 * Has a layer that lies here sent to one more repository, without a byte from the client; what is held where it comes from is held
 * there as well. Returns false where it does not lie here, as far as this agent may know; then the client sends it.
 *
 * @throws LayergateError when the upstream definitely would not take the layer
 * @throws the reason of `signal`
 */
export type MountBlob = (mount: Mount, signal: AbortSignal) => Promise<boolean>

export interface MountPorts {
  readonly journal: Pick<ForwardJournal, 'ofLayer' | 'record'>
  readonly spool: Pick<Spool, 'open'>
  readonly acceptance: Pick<Acceptance, 'check'>
  readonly origins: Pick<ForwardOrigins, 'recorded'>
  readonly observer: Observer
  /** Why such a layer is to be held before a manifest gives its role. @param heldFor why it is held where it comes from, if it is */
  holdOf(digest: Digest, heldFor: ForwardError | undefined): Promise<ForwardError | undefined>
}

export function createMountBlob(ports: MountPorts): MountBlob {
  const { journal, spool, acceptance, origins, observer } = ports
  return async ({ target, digest, from, canPull, requestId }, signal) => {
    const isSource = (repository: RepositoryName) =>
      (from === undefined || repository === from) && canPull(repository)
    const sources = knownForwards(await journal.ofLayer(digest), target.destination, isSource)
    if (sources.length === 0) return false

    // Nothing that is being read is evicted: it is there until it is owed.
    await using layer = await openIfHeld(spool, digest)
    if (!layer) return false
    await acceptance.check(target, digest, signal)
    const { repository, agent } = target
    const { sizeBytes } = layer
    const held = sources.find(({ state }) => state === 'held')
    const hold = await ports.holdOf(digest, held?.error)
    const key = forwardKey(target, digest)
    await origins.recorded(key, requestId, () => journal.record(key, agent, sizeBytes, hold))
    observer.observe({ type: 'blob_mounted', repository, agent, digest, sizeBytes, requestId })
    return true
  }
}
