import { mayHaveWorked, UpstreamError } from '../publish/upstream-error.ts'
import type { Call, Upstream } from '../publish/upstream.ts'
import type { Digest } from '../registry/digest.ts'
import type { Tag } from '../registry/reference.ts'
import { createRetry, type RetrySettings } from './retry.ts'

export interface UpstreamRetrySettings extends RetrySettings {
  /**
   * What a tag names upstream at this moment, if it is there.
   *
   * @throws UpstreamError, which counts as a failed attempt
   * @throws the reason of `call.signal`
   */
  readonly tagDigest: (call: Call, tag: Tag) => Promise<Digest | undefined>
}

/**
 * An upstream whose calls are repeated while that may help. The only retry of calls in the service: what
 * changes the plan of an upload is decided above it.
 */
export function withRetry(upstream: Upstream, settings: UpstreamRetrySettings): Upstream {
  const { tagDigest } = settings
  const retry = createRetry(settings)

  return {
    absent: (call, digests) => retry(call, () => upstream.absent(call, digests)),
    start: (call, layer) => retry(call, () => upstream.start(call, layer)),
    sendPart: (call, upload, layer, range) =>
      retry(call, () => upstream.sendPart(call, upload, layer, range)),
    complete: (call, upload, layer) =>
      retry(call, async (attempt) => {
        // The answer may have been lost after the layer was stored: then the upload is gone, and all is well.
        const lost = attempt > 1 && !(await upstream.absent(call, [layer.digest])).has(layer.digest)
        if (!lost) await upstream.complete(call, upload, layer)
      }),
    createRepository: (call) => retry(call, () => upstream.createRepository(call)),

    async putManifest(call, manifest, tag) {
      if (tag === undefined) return retry(call, () => upstream.putManifest(call, manifest))
      /** The last attempt that may have moved the tag. */
      let lost: UpstreamError | undefined
      const put = async () => {
        if (lost && (await tagDigest(call, tag)) === manifest.digest) return
        lost = undefined
        try {
          await upstream.putManifest(call, manifest, tag)
        } catch (error) {
          if (error instanceof UpstreamError && mayHaveWorked(error)) lost = error
          throw error
        }
      }
      try {
        await retry(call, put)
      } catch (error) {
        // When the tag could not be read it may have moved, whatever ended the attempts.
        throw error instanceof UpstreamError ? (lost ?? error) : error
      }
    },
  }
}
