import type { ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public'

export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

/** What the SDK's clients take as their credentials. */
export type CredentialsSource = Extract<
  NonNullable<ECRPUBLICClientConfig['credentials']>,
  (...args: never) => unknown
>

export interface KeptCredentialsSettings {
  fetch(): Promise<TemporaryCredentials>
  /** Of a renewal that nobody waited for. */
  onRenewal?(outcome: 'refreshed' | 'failed'): void
  /** The time of day in milliseconds. */
  readonly now?: () => number
}

/** Time enough for a source that is down for a while. The SDK asks for other credentials at the same time, and not before. */
const renewBeforeMs = 5 * 60_000
/** A call that is signed now may arrive a little later, at a clock that is not ours. */
const marginMs = 15_000
const restAfterFailureMs = 10_000

/**
 * Credentials that are fetched when they are first needed, kept, and renewed before they end. Whoever asks at the same time shares one
 * fetch. As long as the old ones are good nobody waits for new ones, nor fails because these cannot be had.
 *
 * The SDK keeps the credentials of a client as well, but what it does in their last five minutes is to have each call wait for new ones,
 * and fail when there are none.
 *
 * @throws whatever `fetch` throws, when there are no credentials that are good
 */
export function createKeptCredentials(settings: KeptCredentialsSettings): CredentialsSource {
  const { fetch, onRenewal, now = Date.now } = settings
  let held: TemporaryCredentials | undefined
  let fetching: Promise<TemporaryCredentials> | undefined
  let renewAtMs = -Infinity

  async function fetchOnce(): Promise<TemporaryCredentials> {
    try {
      held = await fetch()
      return held
    } finally {
      fetching = undefined
    }
  }

  function fetched(): Promise<TemporaryCredentials> {
    fetching ??= fetchOnce()
    return fetching
  }

  async function renew(): Promise<void> {
    try {
      await fetched()
      onRenewal?.('refreshed')
    } catch {
      renewAtMs = now() + restAfterFailureMs
      onRenewal?.('failed')
    }
  }

  return async ({ forceRefresh = false } = {}) => {
    if (!held || forceRefresh) return fetched()
    const leftMs = (held.expiration?.getTime() ?? Infinity) - now()
    if (leftMs < marginMs) return fetched()
    if (leftMs < renewBeforeMs && !fetching && now() >= renewAtMs) void renew()
    return held
  }
}
