import {
  GetAuthorizationTokenCommand,
  type GetAuthorizationTokenCommandOutput,
} from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import type { Attempt } from '../attempt.ts'
import { untilAborted } from '../until-aborted.ts'
import { explainDenied } from './explain-denied.ts'

/** The right to read from the registry, that of the client's own identity. */
export interface RegistryToken {
  /**
   * A token that is good for a while. Fetched when one is first needed, and then kept; calls at the same time share one fetch.
   *
   * @throws UpstreamError `denied` naming the permissions that may be missing
   * @throws the reason of `call.signal`
   */
  current(call: Call): Promise<string>
  /**
   * What to try after a read with `refused` was denied: a token that was fetched later, or `undefined` where no other is worth a try.
   * The registry denies with the same words what an expired token asks for and what this identity may not read
   * (aws/containers-roadmap#2835), so it is age that tells them apart: a token younger than a minute has not expired, and is kept.
   *
   * @throws as `current`
   */
  after(refused: string, call: Call): Promise<string | undefined>
}

interface Held {
  readonly token: string
  readonly fetchedAtMs: number
  /** Before it expires: then calls go on with it while the next one is fetched. */
  readonly renewAtMs: number
  readonly expiresAtMs: number
}

const timeoutMs = 10_000
const lifeBeforeRenewal = 0.9
/** However many reads are denied, a token is fetched once in this time. */
const youthMs = 60_000
/** API reference of GetAuthorizationToken. */
const advice =
  'reading needs the permissions ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken'

/**
 * What GetAuthorizationToken gives is used as the bearer token itself (ECR Public user guide, "Using HTTP API authentication"), rather
 * than exchanged at the registry's token endpoint: it lives twelve hours and says so, where a token of the endpoint lives one and does not
 * (oras-project/oras-go#1227), and there is one call less that can fail.
 *
 * @param now the time of day in milliseconds
 */
export function createRegistryToken(attempt: Attempt, now: () => number): RegistryToken {
  let held: Held | undefined
  let renewal: Promise<Held> | undefined

  function fetchToken(call: Call): Promise<Held> {
    // It is fetched for all who wait: whoever asked first may leave.
    const shared = { ...call, signal: new AbortController().signal }
    const fetchedAtMs = now()
    const fetched = attempt(shared, {
      operation: 'GetAuthorizationToken',
      command: new GetAuthorizationTokenCommand({}),
      timeoutMs,
      read: (answer) => readToken(answer, fetchedAtMs),
    })
    return explainDenied(fetched, advice)
  }

  async function renew(call: Call): Promise<Held> {
    try {
      held = await fetchToken(call)
      return held
    } finally {
      renewal = undefined
    }
  }

  async function renewed(call: Call): Promise<string> {
    renewal ??= renew(call)
    return (await untilAborted(call.signal, renewal)).token
  }

  async function current(call: Call): Promise<string> {
    const nowMs = now()
    if (!held || nowMs >= held.expiresAtMs) return renewed(call)
    if (nowMs >= held.renewAtMs) {
      renewal ??= renew(call)
      // Whatever went wrong was observed, and the next call tries again.
      renewal.catch(() => undefined)
    }
    return held.token
  }

  return {
    current,
    async after(refused, call) {
      if (held?.token !== refused) return current(call)
      if (isYoung(held, now())) return undefined
      // Until the next one is there it stays: what other reads ask for it may still open.
      return renewed(call)
    },
  }
}

/** A clock that was set back says nothing of a token's age. */
function isYoung({ fetchedAtMs }: Held, nowMs: number): boolean {
  const ageMs = nowMs - fetchedAtMs
  return ageMs >= 0 && ageMs < youthMs
}

function readToken(answer: GetAuthorizationTokenCommandOutput, fetchedAtMs: number): Held {
  const { authorizationToken: token, expiresAt } = answer.authorizationData ?? {}
  if (!token || !expiresAt) {
    throw new UpstreamError('unavailable', {
      operation: 'GetAuthorizationToken',
      exception: 'EmptyAnswer',
      message: 'The answer names no token, or not when it expires.',
    })
  }
  const expiresAtMs = expiresAt.getTime()
  return {
    token,
    fetchedAtMs,
    renewAtMs: fetchedAtMs + lifeBeforeRenewal * (expiresAtMs - fetchedAtMs),
    expiresAtMs,
  }
}
