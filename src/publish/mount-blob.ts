import type { LayerCache } from '../layers/layer-cache.ts'
import type { Spool } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import type { Observer } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import { type Acceptance, forwardKey, type Target } from './acceptance.ts'
import type { Forward, ForwardJournal } from './forward-journal.ts'

export interface Mount {
  readonly target: Target
  readonly digest: Digest
  /** Where the client knows the layer to be; anywhere when it does not say. */
  readonly from?: string
  /** Whether the agent may read there: other repositories' layers do not exist for it. */
  canPull(repository: RepositoryName): boolean
}

/**
 * Has a layer that lies here sent to one more repository, without a byte from the client. Returns false where it does not, as far as
 * this agent may know; then the client sends it.
 *
 * @throws LayergateError when the upstream definitely would not take the layer
 * @throws the reason of `signal`
 */
export type MountBlob = (mount: Mount, signal: AbortSignal) => Promise<boolean>

export interface MountPorts {
  readonly journal: Pick<ForwardJournal, 'ofLayer' | 'record'>
  readonly spool: Pick<Spool, 'find'>
  readonly cache: Pick<LayerCache, 'hold'>
  readonly acceptance: Pick<Acceptance, 'check'>
  readonly observer: Observer
}

export function createMountBlob(ports: MountPorts): MountBlob {
  const { journal, spool, cache, acceptance, observer } = ports
  return async ({ target, digest, from, canPull }, signal) => {
    using _ = cache.hold(digest)
    const sealed = await spool.find(digest)
    if (!sealed) return false
    const { registry } = target.destination
    const isSource = ({ key }: Forward) =>
      key.registry === registry &&
      (from === undefined || key.repository === from) &&
      canPull(key.repository)
    if (!(await journal.ofLayer(digest)).some(isSource)) return false

    await acceptance.check(target, digest, signal)
    await journal.record(forwardKey(target, digest), target.agent, sealed.sizeBytes)
    const { repository, agent } = target
    const { sizeBytes } = sealed
    observer.observe({ type: 'blob_mounted', repository, agent, digest, sizeBytes })
    return true
  }
}
