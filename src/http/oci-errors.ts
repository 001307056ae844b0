import type { LayergateError } from '../registry/errors.ts'

/**
 * The body of a failure on the routes of the distribution specification
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes). Clients show the message alone, so it says what
 * there is to do as well.
 */
export function toOciErrors({ code, entry, message, facts }: LayergateError, requestId: string) {
  const { expected, actual, diagnosis } = facts
  const detail = {
    code,
    requestId,
    retryable: entry.retryable,
    ...(expected && { expected }),
    ...(actual && { actual }),
    ...(diagnosis && { diagnosis }),
  }
  return { errors: [{ code: entry.ociCode, message: `${message} ${entry.advice}`, detail }] }
}

/** Docker's library takes nothing else for an error of the registry. */
export const ociErrorsContentType = 'application/json'
