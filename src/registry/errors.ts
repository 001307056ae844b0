import { type ErrorCode, type ErrorEntry, errorTable } from './error-table.ts'
import type { Diagnosis } from './diagnosis.ts'

/** One side of a comparison: what was announced, or what was found. */
export interface Measure {
  readonly digest?: string
  readonly sizeBytes?: number
}

export interface ErrorFacts {
  readonly expected?: Measure
  readonly actual?: Measure
  readonly diagnosis?: Diagnosis
  /** Where `diagnosis` had to be given before it was complete. Never rejects. */
  readonly finalDiagnosis?: Promise<Diagnosis>
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/** The only error that handlers answer with; every other throwable is answered as `internal`. */
export class LayergateError extends Error {
  readonly code: ErrorCode
  readonly facts: ErrorFacts

  /** @param detail one sentence about this very case, safe to show to the client */
  constructor(code: ErrorCode, detail: string, facts: ErrorFacts = {}) {
    super(detail, facts.cause === undefined ? {} : { cause: facts.cause })
    this.name = 'LayergateError'
    this.code = code
    this.facts = facts
  }

  get entry(): ErrorEntry {
    return errorTable[this.code]
  }
}

/** `error` itself when it is ours, else an `internal` one that keeps it as the cause and hides its text. */
export function toLayergateError(error: unknown): LayergateError {
  if (error instanceof LayergateError) return error
  return new LayergateError('internal', 'The cause is in the log.', { cause: error })
}

export function hasCode(error: unknown, code: ErrorCode): error is LayergateError {
  return error instanceof LayergateError && error.code === code
}
