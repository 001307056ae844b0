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
  /** The registry refused this token: it is not given out any more. */
  discard(token: string): void
}

interface Held {
  readonly token: string
  /** Before it expires: then calls go on with it while the next one is fetched. */
  readonly renewAtMs: number
  readonly expiresAtMs: number
}

const timeoutMs = 10_000
const lifeBeforeRenewal = 0.9
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

  return {
    async current(call) {
      const nowMs = now()
      if (held && nowMs < held.renewAtMs) return held.token
      renewal ??= renew(call)
      if (held && nowMs < held.expiresAtMs) {
        // Whatever went wrong was observed, and the next call tries again.
        renewal.catch(() => undefined)
        return held.token
      }
      return (await untilAborted(call.signal, renewal)).token
    },
    discard(token) {
      if (held?.token === token) held = undefined
    },
  }
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
    renewAtMs: fetchedAtMs + lifeBeforeRenewal * (expiresAtMs - fetchedAtMs),
    expiresAtMs,
  }
}
