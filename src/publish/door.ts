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
const outageMs = 5_000
const rememberedRepositories = 1_000

/**
 * A yes is remembered for minutes, a no never: whoever creates the repository can push at once. An upstream in
 * trouble is left alone for 5 s, so that not every push of an outage waits for it.
 *
 * @param upstream asks once: a push has no time for retries
 */
export function createDoor(upstream: Pick<Upstream, 'absent'>, now: () => Date): Door {
  const openUntil = new Map<string, number>()
  const outageUntil = new Map<string, number>()
  const isAhead = (timeMs = 0) => timeMs > now().getTime()

  return {
    async check(call, digest) {
      const destination = call.destination.name
      const door = JSON.stringify([destination, call.repository])
      if (isAhead(openUntil.get(door)) || isAhead(outageUntil.get(destination))) return
      const patience = AbortSignal.timeout(patienceMs)
      const signal = AbortSignal.any([call.signal, patience])
      try {
        await upstream.absent({ ...call, signal }, [digest])
      } catch (error) {
        call.signal.throwIfAborted()
        const isSilence = patience.aborted && error === patience.reason
        if (!isSilence) {
          if (!(error instanceof UpstreamError)) throw error
          if (isDefinite(error)) throw asLayergateError(error)
          if (!isOutage(error)) return
        }
        outageUntil.set(destination, now().getTime() + outageMs)
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

function isOutage({ failure }: UpstreamError): boolean {
  return failure === 'unavailable' || failure === 'throttled'
}
