import { openIfHeld } from '../layers/open-if-held.ts'
import type { Spool, SpoolReader } from '../layers/spool.ts'
import { forwardKey, type Target } from '../publish/acceptance.ts'
import { asLayergateError } from '../publish/forward-failure.ts'
import type { ForwardJournal, ForwardKey } from '../publish/forward-journal.ts'
import { UpstreamError } from '../publish/upstream-error.ts'
import type { Digest } from '../registry/digest.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Catalog, UpstreamBlob } from './catalog.ts'
import { createRecent } from './recent.ts'
import { upstreamAnswer } from './upstream-answer.ts'

/** Lies in our spool. The reader is for whoever got it to dispose of. */
export interface SpooledBlob {
  readonly kind: 'spooled'
  readonly reader: SpoolReader
}

type CanPull = (repository: RepositoryName) => boolean

export interface FindBlob {
  /**
   * Whether a push may leave the blob out. What lies here of another repository counts too, where the agent may read there: it is sent
   * from here when a manifest names it, and kept until then. With AWS out of reach a blob that is not here is not there either: sending
   * it again is safe.
   *
   * @param canPull where the agent may read; without it only `target` counts
   * @throws LayergateError `repository_unknown`
   * @throws the reason of `signal`
   */
  headBlob(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
    canPull?: CanPull,
  ): Promise<{ readonly sizeBytes: number } | undefined>
  /**
   * @param canPull as for `headBlob`
   * @throws LayergateError when the upstream cannot tell
   * @throws the reason of `signal`
   */
  getBlob(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
    canPull?: CanPull,
  ): Promise<SpooledBlob | UpstreamBlob | undefined>
  /** The upstream turned out to lack these. */
  forget(target: Target, digests: readonly Digest[]): void
}

export interface FindBlobPorts {
  readonly spool: Pick<Spool, 'find' | 'open'>
  readonly journal: Pick<ForwardJournal, 'find' | 'ofLayer'>
  readonly cache: {
    /**
     * Keeps a layer that was said to be there for a manifest of that repository. Returns false where it does not: then it must not be
     * said.
     */
    pledge(key: ForwardKey, sizeBytes: number): boolean
  }
  readonly catalog: Pick<Catalog, 'layerSizeBytes' | 'blob'>
  readonly now: () => Date
}

const patienceMs = 5_000
/** An upstream that did not answer is left alone for so long: not every HEAD of an outage waits for it. */
const outageMs = 5_000
const trustMs = 5 * 60_000
const rememberedBlobs = 10_000

export function createFindBlob(ports: FindBlobPorts): FindBlob {
  const { spool, journal, cache, catalog, now } = ports
  /** Only what is there: who lacks a blob may send it at any moment. */
  const sizesBytes = createRecent<number>({ lifeMs: trustMs, maxEntries: rememberedBlobs, now })

  const outageUntil = new Map<string, number>()

  /** Whether the repository has it, or will: then a manifest there finds it, whatever goes from here. */
  async function isPromised(target: Target, digest: Digest): Promise<boolean> {
    const forward = await journal.find(forwardKey(target, digest))
    return forward !== undefined && forward.state !== 'parked_for_good'
  }

  /** Bytes of other repositories do not exist for an agent who may not read there. */
  async function isKnown({ destination }: Target, digest: Digest, canPull: CanPull) {
    return (await journal.ofLayer(digest)).some(
      ({ key }) => key.registry === destination.registry && canPull(key.repository),
    )
  }

  /** What is open is not evicted: it is there until it is pledged. */
  async function pledge(target: Target, digest: Digest): Promise<number | undefined> {
    await using layer = await openIfHeld(spool, digest)
    return layer && cache.pledge(forwardKey(target, digest), layer.sizeBytes)
      ? layer.sizeBytes
      : undefined
  }

  async function askUpstream(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { name } = target.destination
    if ((outageUntil.get(name) ?? 0) > now().getTime()) return undefined
    const patience = AbortSignal.timeout(patienceMs)
    try {
      const call = { ...target, signal: AbortSignal.any([signal, patience]) }
      return await catalog.layerSizeBytes(call, digest)
    } catch (error) {
      if (error instanceof UpstreamError && error.failure === 'repository_unknown') {
        throw asLayergateError(error)
      }
      if (!(error instanceof UpstreamError) && error !== patience.reason) throw error
      if (isSilence(error)) outageUntil.set(name, now().getTime() + outageMs)
      return undefined
    }
  }

  return {
    async headBlob(target, digest, signal, canPull) {
      const sealed = await spool.find(digest)
      if (sealed && (await isPromised(target, digest))) return { sizeBytes: sealed.sizeBytes }
      const remembered = sizesBytes.get(target, digest)
      if (remembered !== undefined) return { sizeBytes: remembered }
      if (sealed && canPull && (await isKnown(target, digest, canPull))) {
        const pledgedBytes = await pledge(target, digest)
        if (pledgedBytes !== undefined) return { sizeBytes: pledgedBytes }
      }
      const sizeBytes = await askUpstream(target, digest, signal)
      if (sizeBytes === undefined) return undefined
      sizesBytes.set(target, digest, sizeBytes)
      return { sizeBytes }
    },

    async getBlob(target, digest, signal, canPull) {
      const isVisible =
        (await spool.find(digest)) &&
        ((await journal.find(forwardKey(target, digest))) ||
          (canPull && (await isKnown(target, digest, canPull))))
      // It may have been evicted meanwhile.
      const reader = isVisible && (await openIfHeld(spool, digest))
      if (reader) return { kind: 'spooled', reader }
      return upstreamAnswer(signal, (ending) => catalog.blob({ ...target, signal: ending }, digest))
    },

    forget(target, digests) {
      for (const digest of digests) sizesBytes.delete(target, digest)
    },
  }
}

/** No answer, or none that means anything. */
function isSilence(error: unknown): boolean {
  return !(error instanceof UpstreamError) || error.failure === 'unavailable'
}
