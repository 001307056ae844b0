import type { UpstreamFailure } from './upstream-error.ts'

export type UploadStep = 'start' | 'part' | 'complete'

/** How often a flight has already changed its plan. */
export interface Changes {
  readonly freshUploads: number
  readonly integrityFailures: number
}

/**
 * - `fresh_upload`: start again with a new upload
 * - `resend`: the bytes were damaged on the way, unless the spool is: check it, wait, send all again
 * - `fail`: this flight is over
 *
 * `unlessPresent`: a lost answer may have hidden a success, so ask first whether the layer is there.
 */
export type Reaction =
  | { readonly do: 'fresh_upload' | 'fail'; readonly unlessPresent: boolean }
  | { readonly do: 'resend'; readonly waitMs: number }

const maxFreshUploads = 2
const maxResends = 3
const firstResendWaitMs = 1_000

/** What a flight does when a call failed for good, after its own retries. */
export function reactTo(failure: UpstreamFailure, step: UploadStep, changes: Changes): Reaction {
  switch (failure) {
    case 'upload_unknown':
      return startAgain(changes, step === 'complete')
    case 'part_out_of_order':
      return startAgain(changes, false)
    case 'invalid_layer':
      return changes.integrityFailures < maxResends
        ? { do: 'resend', waitMs: firstResendWaitMs * 2 ** changes.integrityFailures }
        : { do: 'fail', unlessPresent: false }
    case 'unavailable':
    case 'throttled':
    case 'credentials':
    case 'denied':
    case 'repository_unknown':
    case 'quota':
    case 'references_unknown':
    case 'rejected':
      return { do: 'fail', unlessPresent: false }
  }
}

function startAgain({ freshUploads }: Changes, unlessPresent: boolean): Reaction {
  return { do: freshUploads < maxFreshUploads ? 'fresh_upload' : 'fail', unlessPresent }
}
