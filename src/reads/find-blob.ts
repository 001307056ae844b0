import { openIfHeld } from '../layers/open-if-held.ts'
import type { Spool, SpoolReader } from '../layers/spool.ts'
import { type Acceptance, forwardKey, type Target } from '../publish/acceptance.ts'
import { asLayergateError } from '../publish/forward-failure.ts'
import type { ForwardJournal, ForwardKey } from '../publish/forward-journal.ts'
import { isKnownLayer } from '../publish/known-layer.ts'
import { UpstreamError } from '../publish/upstream-error.ts'
import type { Digest } from '../registry/digest.ts'
import { hasCode, LayergateError } from '../registry/errors.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Catalog, UpstreamBlob } from './catalog.ts'
import { createRecent } from './recent.ts'
import { upstreamAnswer } from './upstream-answer.ts'

/** Lies in our spool. The reader is for whoever got it to dispose of. */
export interface SpooledBlob {
  readonly kind: 'spooled'
  readonly reader: SpoolReader
}

/** What the agent may beyond reading in the repository that it asks about. */
export interface BlobRights {
  /** There. */
  readonly canPush: boolean
  /** Elsewhere. */
  readonly canPull: (repository: RepositoryName) => boolean
}

export interface FindBlob {
  /**
   * Whether a push may leave the blob out. To who may push, what lies here of another repository counts too, where the agent may read
   * there: it is sent from here when a manifest names it, and kept until then. With AWS out of reach a blob that is not here is
   * not there either: sending it again is safe.
   *
   * @param rights without them only `target` counts
   * @throws LayergateError `repository_unknown`
   * @throws the reason of `signal`
   */
  headBlob(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
    rights?: BlobRights,
  ): Promise<{ readonly sizeBytes: number } | undefined>
  /**
   * @throws LayergateError when the upstream cannot tell
   * @throws the reason of `signal`
   */
  getBlob(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
    rights?: BlobRights,
  ): Promise<SpooledBlob | UpstreamBlob | undefined>
  /** The upstream turned out to lack these. */
  forget(target: Target, digests: readonly Digest[]): void
}

export interface FindBlobPorts {
  readonly spool: Pick<Spool, 'find' | 'open'>
  readonly journal: Pick<ForwardJournal, 'ofLayer'>
  readonly door: Pick<Acceptance, 'check'>
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
  const { spool, journal, door, cache, catalog, now } = ports
  /** Only what is there: who lacks a blob may send it at any moment. */
  const sizesBytes = createRecent<number>({ lifeMs: trustMs, maxEntries: rememberedBlobs, now })

  const outageUntil = new Map<string, number>()

  /** Both are always asked: how long it takes must not tell of bytes that the agent may not know of. */
  async function look(target: Target, digest: Digest) {
    const [sealed, forwards] = await Promise.all([spool.find(digest), journal.ofLayer(digest)])
    const { registry, repository } = forwardKey(target, digest)
    const own = forwards.find(
      ({ key }) => key.registry === registry && key.repository === repository,
    )
    return { sealed, forwards, own }
  }

  /** A promise where nothing can be pushed would keep the layer for nobody. */
  async function isOpen(target: Target, digest: Digest, signal: AbortSignal): Promise<boolean> {
    try {
      await door.check(target, digest, signal)
      return true
    } catch (error) {
      if (!(error instanceof LayergateError) || hasCode(error, 'repository_unknown')) throw error
      return false
    }
  }

  /** What is open is not evicted: it is there until it is pledged. */
  async function pledge(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    await using layer = await openIfHeld(spool, digest)
    if (!layer || !(await isOpen(target, digest, signal))) return undefined
    return cache.pledge(forwardKey(target, digest), layer.sizeBytes) ? layer.sizeBytes : undefined
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
    async headBlob(target, digest, signal, rights) {
      const { sealed, forwards, own } = await look(target, digest)
      // Then a manifest there finds it, whatever goes from here.
      const isPromised = own !== undefined && own.state !== 'parked_for_good'
      if (sealed && isPromised) return { sizeBytes: sealed.sizeBytes }
      const remembered = sizesBytes.get(target, digest)
      if (remembered !== undefined) return { sizeBytes: remembered }
      const { destination } = target
      if (sealed && rights?.canPush && isKnownLayer(forwards, destination, rights.canPull)) {
        const pledgedBytes = await pledge(target, digest, signal)
        if (pledgedBytes !== undefined) return { sizeBytes: pledgedBytes }
      }
      const sizeBytes = await askUpstream(target, digest, signal)
      if (sizeBytes === undefined) return undefined
      sizesBytes.set(target, digest, sizeBytes)
      return { sizeBytes }
    },

    async getBlob(target, digest, signal, rights) {
      const { sealed, forwards, own } = await look(target, digest)
      const isVisible =
        own !== undefined ||
        (rights !== undefined && isKnownLayer(forwards, target.destination, rights.canPull))
      // It may have been evicted meanwhile.
      const reader = sealed && isVisible && (await openIfHeld(spool, digest))
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
