import { LayergateError } from '../registry/errors.ts'

/** How long a client is told to wait for room; forwards free some as they end. */
const retryAfterSeconds = 30

const fullDiskCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

export function spoolFull(detail: string, cause?: unknown): LayergateError {
  return new LayergateError('spool_full', detail, { retryAfterSeconds, cause })
}

/** What a failed call of the file system means to the client: a full disk, or a broken one. */
export function toSpoolError(error: unknown): LayergateError {
  if (error instanceof LayergateError) return error
  if (error instanceof Error && 'code' in error && fullDiskCodes.has(error.code)) {
    return spoolFull('The disk of the spool is full.', error)
  }
  return new LayergateError('internal', 'The spool could not be written.', { cause: error })
}
