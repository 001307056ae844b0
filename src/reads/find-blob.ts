import { openIfHeld } from '../layers/open-if-held.ts'
import type { SealedLayer, Spool, SpoolReader } from '../layers/spool.ts'
import { forwardKey, type Target } from '../publish/acceptance.ts'
import { asLayergateError } from '../publish/forward-failure.ts'
import type { ForwardJournal } from '../publish/forward-journal.ts'
import { UpstreamError } from '../publish/upstream-error.ts'
import type { Digest } from '../registry/digest.ts'
import type { Catalog, UpstreamBlob } from './catalog.ts'
import { createRecent } from './recent.ts'
import { upstreamAnswer } from './upstream-answer.ts'

/** Lies in our spool. The reader is for whoever got it to dispose of. */
export interface SpooledBlob {
  readonly kind: 'spooled'
  readonly reader: SpoolReader
}

export interface FindBlob {
  /**
   * Whether a push may leave the blob out. With AWS out of reach a blob that is not here is not there either: sending it again is safe.
   *
   * @throws LayergateError `repository_unknown`
   * @throws the reason of `signal`
   */
  headBlob(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number } | undefined>
  /**
   * @throws LayergateError when the upstream cannot tell
   * @throws the reason of `signal`
   */
  getBlob(
    target: Target,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<SpooledBlob | UpstreamBlob | undefined>
  /** The upstream turned out to lack these. */
  forget(target: Target, digests: readonly Digest[]): void
}

export interface FindBlobPorts {
  readonly spool: Pick<Spool, 'find' | 'open'>
  readonly journal: Pick<ForwardJournal, 'find'>
  readonly catalog: Pick<Catalog, 'layerSizeBytes' | 'blob'>
  readonly now: () => Date
}

const patienceMs = 5_000
/** An upstream that did not answer is left alone for so long: not every HEAD of an outage waits for it. */
const outageMs = 5_000
const trustMs = 5 * 60_000
const rememberedBlobs = 10_000

export function createFindBlob({ spool, journal, catalog, now }: FindBlobPorts): FindBlob {
  /** Only what is there: who lacks a blob may send it at any moment. */
  const sizesBytes = createRecent<number>({ lifeMs: trustMs, maxEntries: rememberedBlobs, now })

  const outageUntil = new Map<string, number>()

  /** Bytes of another repository do not count: the agent may not know of them. */
  async function findHeld(target: Target, digest: Digest): Promise<SealedLayer | undefined> {
    const sealed = await spool.find(digest)
    return sealed && (await journal.find(forwardKey(target, digest))) ? sealed : undefined
  }

  async function openHeld(target: Target, digest: Digest): Promise<SpoolReader | undefined> {
    if (!(await findHeld(target, digest))) return undefined
    // It may have been evicted meanwhile.
    return openIfHeld(spool, digest)
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
    async headBlob(target, digest, signal) {
      const held = await findHeld(target, digest)
      if (held) return { sizeBytes: held.sizeBytes }
      const remembered = sizesBytes.get(target, digest)
      if (remembered !== undefined) return { sizeBytes: remembered }
      const sizeBytes = await askUpstream(target, digest, signal)
      if (sizeBytes === undefined) return undefined
      sizesBytes.set(target, digest, sizeBytes)
      return { sizeBytes }
    },

    async getBlob(target, digest, signal) {
      const reader = await openHeld(target, digest)
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
