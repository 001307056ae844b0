import type { Digest } from '../registry/digest.ts'
import { LayergateError } from '../registry/errors.ts'
import type { Manifest } from '../registry/manifest.ts'
import type { Tag } from '../registry/reference.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Target } from './acceptance.ts'
import { asLayergateError, forwardFailure } from './forward-failure.ts'
import { type BarrierPorts, crossBarrier } from './manifest-barrier.ts'
import { blobsMissing, referencesOf } from './missing-references.ts'
import type { Place } from './tag-lanes.ts'
import { UpstreamError } from './upstream-error.ts'
import type { Call, Upstream } from './upstream.ts'

export interface ManifestFlightPorts extends BarrierPorts {
  readonly upstream: Pick<Upstream, 'absent' | 'putManifest'>
  /** What was remembered of these digests is no longer so: the repository lacks them. */
  forget(target: Target, digests: readonly Digest[]): void
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface ManifestFlightSettings {
  /** How long the layers, and an upstream that is away, are waited for. */
  readonly manifestWaitMs: number
  /** The rest before the upstream is asked again, when its calls' own retries were not enough. */
  readonly pauseMs: number
}

export interface ManifestFlight {
  readonly target: Target
  readonly manifest: Manifest
  readonly tags: readonly Tag[]
  /** For each of the tags. */
  readonly place: Place
  canPull(repository: RepositoryName): boolean
  /** Told each time when all layers are upstream, or the wait for them is over. */
  onWaited(ms: number): void
}

/** How often the layers are asked for again when the upstream does not know them after all. */
const maxRepairs = 2
const retryAfterSeconds = 30

/**
 * Carries one manifest upstream once its layers are there. `superseded`: by digest alone, since newer manifests have gone ahead under
 * every tag.
 *
 * @throws LayergateError `manifest_blob_unknown`, `layers_pending`, what keeps a layer from being forwarded, and what the upstream
 *   refuses
 * @throws the reason of `signal`
 */
export async function flyManifest(
  ports: ManifestFlightPorts,
  { manifestWaitMs, pauseMs }: ManifestFlightSettings,
  { target, manifest, tags, place, canPull, onWaited }: ManifestFlight,
  signal: AbortSignal,
): Promise<'published' | 'superseded'> {
  const { upstream, forget, sleep } = ports
  const call: Call = { ...target, signal }
  const blobs = manifest.blobs.map(({ digest }) => digest)
  const enough = AbortSignal.timeout(manifestWaitMs)

  for (let repairs = 0; ; repairs += 1) {
    await waitForLayers()
    try {
      return await putUnderTags()
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      if (error.failure !== 'references_unknown') throw refusal(error)
      if (blobs.length === 0 || repairs === maxRepairs) {
        forget(target, referencesOf(manifest, error))
        throw asLayergateError(error)
      }
      await sleep(pauseMs, signal)
    }
  }

  async function waitForLayers(): Promise<void> {
    const startedAt = performance.now()
    const waiting = AbortSignal.any([signal, enough])
    const persistent: BarrierPorts = {
      ...ports,
      upstream: { absent: (asked, digests) => persist(() => upstream.absent(asked, digests)) },
    }
    try {
      const missing = await crossBarrier(persistent, { target, blobs, canPull }, waiting)
      if (missing.length === 0) return
      forget(target, missing)
      throw blobsMissing(missing)
    } catch (error) {
      if (error === enough.reason) throw layersPending(manifestWaitMs)
      throw error instanceof UpstreamError ? asLayergateError(error) : error
    } finally {
      onWaited(performance.now() - startedAt)
    }
  }

  async function putUnderTags(): Promise<'published' | 'superseded'> {
    let hasMoved = false
    for (const tag of tags) {
      const put = () => upstream.putManifest(call, manifest, tag)
      if ((await persist(() => place.move(tag, put, signal))) === 'moved') hasMoved = true
    }
    if (!hasMoved) await persist(() => upstream.putManifest(call, manifest))
    return hasMoved || tags.length === 0 ? 'published' : 'superseded'
  }

  async function persist<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (!isPassing(error) || enough.aborted) throw error
        await sleep(pauseMs, signal)
      }
    }
  }
}

/** Too many layers, for example: what AWS calls an invalid parameter is the manifest (PutImage has no other of the client's). */
function refusal(error: UpstreamError): LayergateError {
  const { code, message, facts } = asLayergateError(error)
  const isManifest = error.facts.exception === 'InvalidParameterException'
  return new LayergateError(isManifest ? 'manifest_invalid' : code, message, facts)
}

function isPassing(error: unknown): boolean {
  return error instanceof UpstreamError && forwardFailure(error).heals
}

function layersPending(waitedMs: number): LayergateError {
  const detail = `ECR Public still lacks layers of this image after ${Math.round(waitedMs / 1000)} s.`
  return new LayergateError('layers_pending', detail, { retryAfterSeconds })
}
