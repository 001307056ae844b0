import type { ErrorCode } from '../registry/error-table.ts'
import { LayergateError, toLayergateError } from '../registry/errors.ts'
import type { ForwardError } from './forward-journal.ts'
import { UpstreamError, type UpstreamFailure } from './upstream-error.ts'

interface Verdict {
  readonly code: ErrorCode
  /** Whether waiting alone may heal it. If not, a person must act: the forward is parked. */
  readonly heals: boolean
}

/** What the end of a flight means to whoever waits for the layer, and for the debt. */
const verdicts: Readonly<Record<UpstreamFailure, Verdict>> = {
  unavailable: { code: 'upstream_unavailable', heals: true },
  throttled: { code: 'upstream_unavailable', heals: true },
  credentials: { code: 'upstream_credentials', heals: false },
  denied: { code: 'upstream_credentials', heals: false },
  repository_unknown: { code: 'repository_unknown', heals: false },
  quota: { code: 'upstream_quota', heals: false },
  part_out_of_order: { code: 'upstream_rejected', heals: false },
  upload_unknown: { code: 'upstream_rejected', heals: false },
  invalid_layer: { code: 'upstream_integrity', heals: false },
  references_unknown: { code: 'manifest_blob_unknown', heals: false },
  rejected: { code: 'upstream_rejected', heals: false },
}

/** Anything that a flight may throw, as the journal keeps it. */
export function forwardFailure(error: unknown): ForwardError & { readonly heals: boolean } {
  if (error instanceof UpstreamError) {
    return { ...verdicts[error.failure], detail: describe(error) }
  }
  const ours = toLayergateError(error)
  return { code: ours.code, detail: ours.message, heals: ours.code === 'internal' }
}

/** An upstream failure as an error to answer with. */
export function asLayergateError(error: UpstreamError): LayergateError {
  return new LayergateError(verdicts[error.failure].code, describe(error), { cause: error })
}

function describe({ facts }: UpstreamError): string {
  const request = facts.requestId === undefined ? '' : ` (request ${facts.requestId})`
  return `${facts.operation} answered ${facts.exception}: ${facts.message}${request}`
}
