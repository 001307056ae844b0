import type { Target } from '../publish/acceptance.ts'
import type { Digest } from '../registry/digest.ts'
import type { Catalog, Referrer } from './catalog.ts'
import { upstreamAnswer } from './upstream-answer.ts'

/** The manifests that refer to another one (OCI distribution-spec, "Listing Referrers"). */
export interface Referrers {
  /**
   * All of them, or those of one artifact type: we filter ourselves, so that a filter is always applied. `undefined` where the
   * upstream has no such list; clients then keep one themselves, under a tag.
   *
   * @throws LayergateError when the upstream cannot tell
   * @throws the reason of `signal`
   */
  list(
    target: Target,
    subject: Digest,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Referrer[] | undefined>
  /**
   * Whether a client may leave that to the upstream. A no where it cannot tell: keeping the list twice is safe.
   */
  areListed(target: Target, subject: Digest, signal: AbortSignal): Promise<boolean>
}

const patienceMs = 3_000
const trustMs = 10 * 60_000
/** A no may have had another reason. */
const doubtMs = 60_000

export function createReferrers(catalog: Pick<Catalog, 'referrers'>, now: () => Date): Referrers {
  /** By destination: what a registry can do does not depend on the repository. */
  const known = new Map<string, { readonly areListed: boolean; readonly untilMs: number }>()

  async function ask(target: Target, subject: Digest, signal: AbortSignal) {
    const all = await upstreamAnswer(signal, (ending) =>
      catalog.referrers({ ...target, signal: ending }, subject),
    )
    const untilMs = now().getTime() + (all ? trustMs : doubtMs)
    known.set(target.destination.registry, { areListed: all !== undefined, untilMs })
    return all
  }

  return {
    async list(target, subject, artifactType, signal) {
      const all = await ask(target, subject, signal)
      if (artifactType === undefined) return all
      return all?.filter((referrer) => referrer['artifactType'] === artifactType)
    },

    async areListed(target, subject, signal) {
      const remembered = known.get(target.destination.registry)
      if (remembered && remembered.untilMs > now().getTime()) return remembered.areListed
      const patience = AbortSignal.timeout(patienceMs)
      try {
        return (await ask(target, subject, AbortSignal.any([signal, patience]))) !== undefined
      } catch {
        return false
      }
    },
  }
}
