import type { Digest } from '../../registry/digest.ts'
import type { InspectMode } from '../../registry/findings.ts'
import type { Manifest } from '../../registry/manifest.ts'
import type { Tag } from '../../registry/reference.ts'
import type { Target } from '../acceptance.ts'
import { forwardFailure } from '../forward-failure.ts'
import type { CanPull } from '../known-layer.ts'
import { checkImage } from './check-image.ts'
import { type ImageJudgePorts, judgeImage } from './judge-image.ts'
import { type BarrierPorts, crossBarrier } from './manifest-barrier.ts'
import { refused, tooLong } from './manifest-errors.ts'
import { blobsMissing, referencesOf } from './missing-references.ts'
import { movesOf, type TagPorts } from './tag-moves.ts'
import type { Place } from './tag-lanes.ts'
import { UpstreamError } from '../upstream-error.ts'
import type { Call, Upstream } from '../upstream.ts'

export interface ManifestFlightPorts extends BarrierPorts, ImageJudgePorts, TagPorts {
  readonly journal: BarrierPorts['journal']
  readonly upstream: Pick<Upstream, 'absent' | 'putManifest'>
  /** What was remembered of these digests is no longer so: the repository lacks them. */
  forget(target: Target, digests: readonly Digest[]): void
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface ManifestFlightSettings {
  /** How long a manifest waits for its layers, and for an upstream in trouble, in all. */
  readonly manifestWaitMs: number
  /** The rest before the upstream is asked again, when its calls' own retries were not enough. */
  readonly pauseMs: number
  /** What comes of an image that does not agree with what its blobs are. */
  readonly inspect: InspectMode
}

export interface ManifestFlight {
  readonly target: Target
  readonly manifest: Manifest
  readonly tags: readonly Tag[]
  /** For each of the tags. */
  readonly place: Place
  readonly arrivedAtMs: number
  readonly requestId: string
  readonly canPull: CanPull
  /** Told each time when all layers are upstream, or the wait for them is over. */
  readonly onWaited: (ms: number) => void
}

/** How often the layers are asked for again when the upstream does not know them after all. */
const maxRepairs = 2

/**
 * Carries one manifest upstream once its layers are there. `superseded`: by digest alone, since newer manifests have moved every tag, or
 * since the tags are written once and name the index of which it is a part.
 *
 * @throws LayergateError `manifest_invalid` before anything was started; `manifest_blob_unknown`, `layers_pending`, what keeps a layer
 *   from being forwarded, what the upstream refuses, and `tag_write_once`, before the manifest was put anywhere
 * @throws the reason of `signal`
 */
export async function flyManifest(
  ports: ManifestFlightPorts,
  { manifestWaitMs, pauseMs, inspect }: ManifestFlightSettings,
  flight: ManifestFlight,
  signal: AbortSignal,
): Promise<'published' | 'superseded'> {
  const { upstream, forget, sleep } = ports
  const { target, manifest, tags, place, canPull, onWaited } = flight
  const blobs = manifest.blobs.map(({ digest }) => digest)
  const enough = AbortSignal.timeout(manifestWaitMs)
  const waiting = AbortSignal.any([signal, enough])
  const call: Call = { ...target, signal: waiting }
  const moves = movesOf(ports, call, flight)
  /** What the upstream answered last instead of what it should. */
  let trouble: UpstreamError | undefined

  try {
    await judgeImage(ports, inspect, flight)
    return await fly()
  } catch (error) {
    if (error === enough.reason && !signal.aborted) throw tooLong(manifestWaitMs, trouble)
    throw error instanceof UpstreamError ? refused(error) : error
  }

  async function fly(): Promise<'published' | 'superseded'> {
    for (let repairs = 0; ; repairs += 1) {
      await waitForLayers()
      try {
        return await putUnderTags()
      } catch (error) {
        if (!(error instanceof UpstreamError) || error.failure !== 'references_unknown') throw error
        if (blobs.length === 0 || repairs === maxRepairs) {
          forget(target, referencesOf(manifest, error))
          throw error
        }
        await sleep(pauseMs, waiting)
      }
    }
  }

  async function judgeAgain(view: CanPull): Promise<ReadonlySet<Digest>> {
    if (inspect !== 'enforce') return new Set()
    await judgeImage(ports, inspect, { ...flight, canPull: () => false })
    const faults = await checkImage(ports, { target, manifest, canPull: view })
    return new Set(faults.map(({ digest }) => digest))
  }

  async function waitForLayers(): Promise<void> {
    const startedAt = performance.now()
    const persistent: BarrierPorts = {
      ...ports,
      upstream: { absent: (asked, digests) => persist(() => upstream.absent(asked, digests)) },
    }
    try {
      const crossing = { target, blobs, canPull, judge: judgeAgain }
      const missing = await crossBarrier(persistent, crossing, waiting)
      if (missing.length === 0) return
      forget(target, missing)
      throw blobsMissing(missing)
    } finally {
      onWaited(performance.now() - startedAt)
    }
  }

  async function putUnderTags(): Promise<'published' | 'superseded'> {
    if (moves.length > 1) for (const { check } of moves) await persist(check)
    let hasMoved = false
    for (const { tag, move } of moves) {
      if ((await persist(() => place.move(tag, move, waiting))) === 'moved') hasMoved = true
    }
    if (!hasMoved) await persist(() => upstream.putManifest(call, manifest))
    for (const { onPut } of moves) await onPut()
    return hasMoved || tags.length === 0 ? 'published' : 'superseded'
  }

  async function persist<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await attempt()
        trouble = undefined
        return result
      } catch (error) {
        if (!isPassing(error)) throw error
        trouble = error
        await sleep(pauseMs, waiting)
      }
    }
  }
}

function isPassing(error: unknown): error is UpstreamError {
  return error instanceof UpstreamError && forwardFailure(error).heals
}
