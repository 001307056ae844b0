/**
 * What an upstream failure means for what we do next.
 *
 * - `unavailable`: 5xx, a lost connection, a timeout, an answer that cannot be read
 * - `throttled`: too many calls for the account's quota
 * - `credentials`: expired or unknown credentials, a wrong signature or clock
 * - `denied`: the identity lacks a permission
 * - `repository_unknown`: no such repository or registry
 * - `quota`: a hard quota, which waiting does not heal
 * - `part_out_of_order`: the part does not start right after the last stored byte
 * - `upload_unknown`: the upload is gone
 * - `invalid_layer`: the upstream computed another digest
 * - `references_unknown`: the manifest names layers or manifests that are not there
 * - `rejected`: any other refusal
 */
export type UpstreamFailure =
  | 'unavailable'
  | 'throttled'
  | 'credentials'
  | 'denied'
  | 'repository_unknown'
  | 'quota'
  | 'part_out_of_order'
  | 'upload_unknown'
  | 'invalid_layer'
  | 'references_unknown'
  | 'rejected'

export interface UpstreamErrorFacts {
  readonly operation: string
  /** As AWS, or the network, names it, for example `ThrottlingException` or `ECONNRESET`. */
  readonly exception: string
  readonly message: string
  readonly status?: number
  /** Our own limiter held the call back: to make it again at once would end in the same way. */
  readonly wasSent?: false
  readonly requestId?: string
  readonly retryAfterMs?: number
  /** With `part_out_of_order`, where the upstream says so. */
  readonly lastValidByte?: number
  readonly cause?: unknown
}

export class UpstreamError extends Error {
  readonly failure: UpstreamFailure
  readonly facts: UpstreamErrorFacts

  constructor(failure: UpstreamFailure, facts: UpstreamErrorFacts) {
    super(
      `${facts.operation}: ${facts.exception}: ${facts.message}`,
      facts.cause === undefined ? {} : { cause: facts.cause },
    )
    this.name = 'UpstreamError'
    this.failure = failure
    this.facts = facts
  }
}

/** Whether a call that failed so may have done its work all the same. */
export function mayHaveWorked({ failure, facts }: UpstreamError): boolean {
  return failure === 'unavailable' && facts.wasSent !== false
}
