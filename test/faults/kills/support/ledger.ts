import type { AcknowledgedLayer, LayerThere, TagPush } from '../../invariants.ts'

/** What agents were promised, and what they saw that nobody may see. */
export interface Ledger {
  readonly acknowledged: AcknowledgedLayer[]
  /** Every layer that was sent with its right bytes. */
  readonly good: LayerThere[]
  /** What was only sent with others. */
  readonly refused: LayerThere[]
  readonly tags: TagPush[]
  /** Answers that break a promise. */
  readonly surprises: string[]
  /** How many answers came that promised something. */
  promises: number
  /** A clock that only goes forward. */
  now(): number
}

export function createLedger(): Ledger {
  let time = 0
  return {
    acknowledged: [],
    good: [],
    refused: [],
    tags: [],
    surprises: [],
    promises: 0,
    now() {
      time += 1
      return time
    },
  }
}
