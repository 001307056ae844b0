import type { Target } from '../publish/acceptance.ts'
import type { Digest } from '../registry/digest.ts'
import type { Catalog, Referrer } from './catalog.ts'
import { upstreamAnswer } from './upstream-answer.ts'

/**
 * The manifests that refer to `subject`, all or those of one artifact type (OCI distribution-spec, "Listing Referrers"). We filter
 * ourselves, so that a filter is always applied.
 *
 * @throws LayergateError when the upstream cannot tell
 * @throws the reason of `signal`
 */
export type ListReferrers = (
  target: Target,
  subject: Digest,
  artifactType: string | undefined,
  signal: AbortSignal,
) => Promise<readonly Referrer[]>

export function createListReferrers(catalog: Pick<Catalog, 'referrers'>): ListReferrers {
  return async (target, subject, artifactType, signal) => {
    const all = await upstreamAnswer(catalog.referrers({ ...target, signal }, subject))
    if (artifactType === undefined) return all
    return all.filter((referrer) => referrer['artifactType'] === artifactType)
  }
}
