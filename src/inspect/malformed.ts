import type { Evidence, FlawCause } from '../registry/diagnosis.ts'
import type { Flaw, UnexaminedReason } from '../registry/findings.ts'

/** Thrown where the contents prove that they are broken. */
export class Malformed extends Error {
  readonly flaw: Flaw

  constructor(cause: FlawCause, detail: string, evidence: Evidence) {
    super(detail)
    this.name = 'Malformed'
    this.flaw = { cause, detail, evidence }
  }
}

/** Thrown where to go on would take more than the inspection may take. */
export class BeyondLimit extends Error {
  readonly limit: UnexaminedReason

  constructor(limit: UnexaminedReason) {
    super(`The inspection ends at its limit: ${limit}.`)
    this.name = 'BeyondLimit'
    this.limit = limit
  }
}
