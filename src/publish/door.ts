import type { Digest } from '../registry/digest.ts'
import { asLayergateError } from './forward-failure.ts'
import { UpstreamError } from './upstream-error.ts'
import type { Call, Upstream } from './upstream.ts'

/** Asks the upstream whether layers may be sent to a repository, before anything is acknowledged. */
export interface Door {
  /**
   * Only a definite no refuses: an upstream that is slow or down lets the layer in, to be owed.
   *
   * @throws LayergateError `repository_unknown`, `upstream_credentials`
   * @throws the reason of `call.signal`
   */
  check(call: Call, digest: Digest): Promise<void>
}

const patienceMs = 2_000
const trustMs = 5 * 60_000
const rememberedRepositories = 1_000

/** A yes is remembered for minutes, a no never: whoever creates the repository can push at once. */
export function createDoor(upstream: Pick<Upstream, 'absent'>, now: () => Date): Door {
  const openUntil = new Map<string, number>()

  return {
    async check(call, digest) {
      const door = JSON.stringify([call.destination.name, call.repository])
      if ((openUntil.get(door) ?? 0) > now().getTime()) return
      const patience = AbortSignal.timeout(patienceMs)
      const signal = AbortSignal.any([call.signal, patience])
      try {
        await upstream.absent({ ...call, signal }, [digest])
      } catch (error) {
        call.signal.throwIfAborted()
        if (patience.aborted && error === patience.reason) return
        if (!(error instanceof UpstreamError)) throw error
        if (isDefinite(error)) throw asLayergateError(error)
        return
      }
      if (openUntil.size >= rememberedRepositories) openUntil.clear()
      openUntil.set(door, now().getTime() + trustMs)
    },
  }
}

function isDefinite({ failure }: UpstreamError): boolean {
  return failure === 'repository_unknown' || failure === 'denied'
}
