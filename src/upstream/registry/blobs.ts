import type { UpstreamBlob } from '../../reads/catalog.ts'
import type { Digest } from '../../registry/digest.ts'
import type { RegistryAnswer } from './answer.ts'
import type { RegistryRequest } from './read.ts'

const redirects = [301, 302, 303, 307, 308]
const maxRedirectBytes = 64 * 1024

/**
 * ECR Public redirects to where the bytes are (aws/containers-roadmap#2671). Our token opens no other host, so that the redirect is
 * passed on, not followed.
 *
 * @param signal ends the stream, where the answer is the bytes themselves
 */
export function getBlob(digest: Digest, signal: AbortSignal): RegistryRequest<UpstreamBlob> {
  return {
    operation: 'GetBlob',
    path: `blobs/${digest}`,
    alsoGood: redirects,
    async read(answer) {
      if (answer.status !== 200) {
        await answer.body(maxRedirectBytes)
        return { kind: 'redirect', location: locationOf(answer) }
      }
      const { sizeBytes } = answer
      const bytes = answer.stream(signal)
      if (sizeBytes !== undefined) return { kind: 'stream', sizeBytes, bytes }
      bytes.destroy()
      throw answer.wrong('unavailable', 'UnreadableAnswer', 'The answer has no content length.')
    },
  }
}

function locationOf({ headers: { location = '' }, url, wrong }: RegistryAnswer): string {
  // An absolute one is passed on as it stands: it may be signed.
  if (/^https?:\/\//i.test(location) && URL.canParse(location)) return location
  if (location.startsWith('/') && URL.canParse(location, url)) return new URL(location, url).href
  throw wrong('unavailable', 'UnreadableAnswer', 'The redirect has no usable location.')
}
