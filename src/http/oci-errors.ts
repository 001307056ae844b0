import type { LayergateError } from '../registry/errors.ts'
import { adviceOf, provenDiagnosis } from './advice.ts'

/**
 * The body of a failure on the routes of the distribution specification
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes).
 */
export function toOciErrors(error: LayergateError, requestId: string) {
  const { code, entry, facts } = error
  const { expected, actual, diagnosis } = facts
  const detail = {
    code,
    requestId,
    retryable: entry.retryable,
    ...(expected && { expected }),
    ...(actual && { actual }),
    ...(diagnosis && { diagnosis }),
  }
  return { errors: [{ code: entry.ociCode, message: messageOf(error), detail }] }
}

/** Clients show the message alone, so it says why, and what there is to do, as well. */
function messageOf(error: LayergateError): string {
  const cause = provenDiagnosis(error)?.cause
  const words = [error.message, adviceOf(error), ...(cause ? [`The cause is ${cause}.`] : [])]
  return words.join(' ')
}

/** Docker's library takes nothing else for an error of the registry. */
export const ociErrorsContentType = 'application/json'
