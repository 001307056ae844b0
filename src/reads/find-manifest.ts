import type { Target } from '../publish/acceptance.ts'
import type { Digest } from '../registry/digest.ts'
import { hasCode } from '../registry/errors.ts'
import type { Manifest } from '../registry/manifest.ts'
import type { Reference } from '../registry/reference.ts'
import type { Catalog, ManifestHead, StoredManifest } from './catalog.ts'
import { createRecent } from './recent.ts'
import { upstreamAnswer } from './upstream-answer.ts'

/**
 * Manifests, by digest from memory for ten minutes. A tag is always asked for upstream: a client that sees a stale one leaves out its
 * PUT.
 */
export interface FindManifest {
  /**
   * With the upstream out of reach what is not known here is not there.
   *
   * @throws LayergateError when the upstream refuses to tell
   * @throws the reason of `signal`
   */
  headManifest(
    target: Target,
    reference: Reference,
    signal: AbortSignal,
  ): Promise<ManifestHead | undefined>
  /**
   * @throws LayergateError when the upstream cannot tell
   * @throws the reason of `signal`
   */
  getManifest(
    target: Target,
    reference: Reference,
    signal: AbortSignal,
  ): Promise<StoredManifest | undefined>
  /** The upstream has this manifest now. */
  remember(target: Target, manifest: Manifest): void
  /** The upstream turned out to lack these. */
  forget(target: Target, digests: readonly Digest[]): void
}

const trustMs = 10 * 60_000
/** A push that asks goes on when it hears no: that is soon enough in an outage. */
const headPatienceMs = 5_000
const rememberedManifests = 1_000
const rememberedBytes = 16 * 1024 * 1024

export function createFindManifest(
  catalog: Pick<Catalog, 'manifest' | 'manifestHead'>,
  now: () => Date,
): FindManifest {
  const recent = createRecent<StoredManifest>({
    lifeMs: trustMs,
    maxEntries: rememberedManifests,
    maxBytes: rememberedBytes,
    sizeBytes: ({ sizeBytes }) => sizeBytes,
    now,
  })

  function known(target: Target, reference: Reference): StoredManifest | undefined {
    return reference.kind === 'digest' ? recent.get(target, reference.digest) : undefined
  }

  return {
    async headManifest(target, reference, signal) {
      const remembered = known(target, reference)
      if (remembered) return remembered
      try {
        return await upstreamAnswer(
          signal,
          (ending) => catalog.manifestHead({ ...target, signal: ending }, reference),
          headPatienceMs,
        )
      } catch (error) {
        if (isOutage(error)) return undefined
        throw error
      }
    },

    async getManifest(target, reference, signal) {
      const remembered = known(target, reference)
      if (remembered) return remembered
      const found = await upstreamAnswer(signal, (ending) =>
        catalog.manifest({ ...target, signal: ending }, reference),
      )
      if (found) recent.set(target, found.digest, found)
      return found
    },

    remember(target, { digest, mediaType, bytes }) {
      recent.set(target, digest, { digest, mediaType, sizeBytes: bytes.byteLength, bytes })
    },

    forget(target, digests) {
      for (const digest of digests) recent.delete(target, digest)
    },
  }
}

/** Pushers ask before they put: a no has them put it again, which waits for AWS, while an error would end their push. */
function isOutage(error: unknown): boolean {
  return hasCode(error, 'upstream_unavailable')
}
