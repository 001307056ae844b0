import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { ByteRange } from '../registry/byte-range.ts'
import type { Destination } from '../registry/destination.ts'
import type { Digest } from '../registry/digest.ts'
import type { Manifest } from '../registry/manifest.ts'
import type { Tag } from '../registry/reference.ts'
import type { RepositoryName } from '../registry/repository-name.ts'

/** In whose name, for what, and until when an upstream call is made. */
export interface Call {
  readonly destination: Destination
  /** As agents write it. What the registry calls it is known to the adapter alone. */
  readonly repository: RepositoryName
  /** The same as agents write it, within the adapter, where the registry calls it something else. */
  readonly agentRepository?: RepositoryName
  readonly agent: string
  /** Of the request of ours that it is made for, or was once recorded for, where that is known. */
  readonly requestId?: string
  /** Of the flight that it is part of. */
  readonly flightId?: string
  /** Ends the call, its retries and its waits at once. */
  readonly signal: AbortSignal
  /** Whether a manifest waits for what the call is about: then it goes before others. Asked while it waits; no when absent. */
  readonly isAwaited?: () => boolean
}

/** An upload that was started upstream. There is no call that would end it without completing it. */
export interface UpstreamUpload {
  readonly id: string
  /** Every part but the last has this size. */
  readonly partSizeBytes: number
}

/**
 * The registry that layers are forwarded to, in our own words. Every method throws `UpstreamError`, or the
 * reason of `call.signal`.
 */
export interface Upstream {
  /** Which of the digests (100 at most) the repository lacks. */
  absent(call: Call, digests: readonly Digest[]): Promise<ReadonlySet<Digest>>
  start(call: Call, layer: VerifiedLayer): Promise<UpstreamUpload>
  /** Parts go in order: each starts right after the last byte that was stored. */
  sendPart(
    call: Call,
    upload: UpstreamUpload,
    layer: VerifiedLayer,
    range: ByteRange,
  ): Promise<void>
  /** Resolves when the repository has the layer, by this upload or by another. */
  complete(call: Call, upload: UpstreamUpload, layer: VerifiedLayer): Promise<void>
  /**
   * Resolves when the repository has the manifest, and the tag names it.
   *
   * @throws UpstreamError `references_unknown` when the upstream lacks what the manifest names
   */
  putManifest(call: Call, manifest: Manifest, tag?: Tag): Promise<void>
  /**
   * Resolves when the repository is there: by this call, or by another. After an answer that was lost nobody can tell them apart: then it
   * `existed`.
   *
   * @throws UpstreamError `quota` when the registry has as many as it may have
   */
  createRepository(call: Call): Promise<'created' | 'existed'>
}
