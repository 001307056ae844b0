import type { UpstreamFailure } from '../publish/upstream-error.ts'

export type RetryDecision =
  | { readonly do: 'wait'; readonly baseMs: number }
  | { readonly do: 'refresh_credentials' | 'give_up' }

/** What may be worth the same call again. The rest needs another plan, or a person. */
const decisions: Readonly<Record<UpstreamFailure, RetryDecision>> = {
  unavailable: { do: 'wait', baseMs: 200 },
  throttled: { do: 'wait', baseMs: 1_000 },
  credentials: { do: 'refresh_credentials' },
  denied: { do: 'give_up' },
  repository_unknown: { do: 'give_up' },
  quota: { do: 'give_up' },
  part_out_of_order: { do: 'give_up' },
  upload_unknown: { do: 'give_up' },
  invalid_layer: { do: 'give_up' },
  references_unknown: { do: 'give_up' },
  rejected: { do: 'give_up' },
}

/** The failures after which a call may be made again. */
export const retryReasons: readonly string[] = Object.entries(decisions)
  .filter(([, decision]) => decision.do !== 'give_up')
  .map(([failure]) => failure)

export interface RetryFacts {
  /** The one that failed; the first is 1. */
  readonly attempt: number
  readonly maxAttempts: number
  /** Whether this call has had its one refresh. */
  readonly refreshed: boolean
}

export function decideRetry(failure: UpstreamFailure, facts: RetryFacts): RetryDecision {
  const decision = decisions[failure]
  const spent = facts.attempt >= facts.maxAttempts
  const useless = decision.do === 'refresh_credentials' && facts.refreshed
  return spent || useless ? { do: 'give_up' } : decision
}
