import type { Digest } from '../registry/digest.ts'
import type { CreateRepository } from './create-repository.ts'
import { asLayergateError } from './forward-failure.ts'
import { UpstreamError, type UpstreamFailure } from './upstream-error.ts'
import type { Call, Upstream } from './upstream.ts'

/** Asks the upstream whether layers may be sent to a repository, before anything is acknowledged. */
export interface Door {
  /**
   * Only a definite no refuses: an upstream that is slow or down lets the layer in, to be owed. Where the destination says so, a
   * repository that is missing is created first.
   *
   * @throws LayergateError `repository_unknown`, `upstream_credentials`; where it creates also `upstream_quota`, `upstream_rejected`
   * @throws the reason of `call.signal`
   */
  check(call: Call, digest: Digest): Promise<void>
}

/** What is asked, how long, and which failures are a definite no. */
interface Step {
  readonly patienceMs: number
  readonly refusals: ReadonlySet<UpstreamFailure>
}

const question: Step = { patienceMs: 2_000, refusals: new Set(['repository_unknown', 'denied']) }
/** It happens once, and clients have 30 s from the last byte of a layer on. */
const creation: Step = {
  patienceMs: 10_000,
  refusals: new Set(['repository_unknown', 'denied', 'quota', 'rejected']),
}
const trustMs = 5 * 60_000
const outageMs = 5_000
const rememberedRepositories = 1_000

/**
 * A yes is remembered for minutes, a no never: whoever creates the repository can push at once. An upstream in
 * trouble is left alone for 5 s, so that not every push of an outage waits for it.
 *
 * @param upstream asks once: a push has no time for retries
 */
export function createDoor(
  upstream: Pick<Upstream, 'absent'>,
  now: () => Date,
  createRepository: CreateRepository,
): Door {
  const openUntil = new Map<string, number>()
  const outageUntil = new Map<string, number>()
  const isAhead = (timeMs = 0) => timeMs > now().getTime()

  async function isThere(call: Call, digest: Digest): Promise<Answer> {
    const answer = await answerTo(call, question, (asked) => upstream.absent(asked, [digest]))
    const { createRepositories = false } = call.destination
    return answer.is === 'no' && answer.why.failure === 'repository_unknown' && createRepositories
      ? answerTo(call, creation, createRepository)
      : answer
  }

  return {
    async check(call, digest) {
      const { registry, role } = call.destination
      // A destination may be another place, or be reached in another way, once the policy was read anew.
      const destination = JSON.stringify([registry, role])
      const door = JSON.stringify([destination, call.repository])
      if (isAhead(openUntil.get(door)) || isAhead(outageUntil.get(destination))) return
      const answer = await isThere(call, digest)
      if (answer.is === 'no') throw asLayergateError(answer.why)
      if (answer.is === 'outage') outageUntil.set(destination, now().getTime() + outageMs)
      if (answer.is !== 'yes') return
      if (openUntil.size >= rememberedRepositories) openUntil.clear()
      openUntil.set(door, now().getTime() + trustMs)
    },
  }
}

type Answer =
  | { readonly is: 'yes' | 'outage' | 'unclear' }
  | { readonly is: 'no'; readonly why: UpstreamError }

/** @throws the reason of `call.signal`, and what is no answer of the upstream */
async function answerTo(
  call: Call,
  { patienceMs, refusals }: Step,
  ask: (call: Call) => Promise<unknown>,
): Promise<Answer> {
  const patience = AbortSignal.timeout(patienceMs)
  try {
    await ask({ ...call, signal: AbortSignal.any([call.signal, patience]) })
    return { is: 'yes' }
  } catch (error) {
    call.signal.throwIfAborted()
    if (patience.aborted && error === patience.reason) return { is: 'outage' }
    if (!(error instanceof UpstreamError)) throw error
    if (refusals.has(error.failure)) return { is: 'no', why: error }
    return { is: isOutage(error) ? 'outage' : 'unclear' }
  }
}

function isOutage({ failure }: UpstreamError): boolean {
  return failure === 'unavailable' || failure === 'throttled'
}
