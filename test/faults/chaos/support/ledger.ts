import type { AcknowledgedLayer, LayerThere, TagPush } from '../../invariants.ts'

/** How a push ended for its agent. */
export type PushEnd = 'acknowledged' | 'refused' | 'given up'

/** What the agents of one run did and were told. */
export interface Ledger {
  readonly acknowledged: AcknowledgedLayer[]
  readonly good: LayerThere[]
  readonly refused: LayerThere[]
  /** Of each upload that the upstream was asked to start. */
  readonly started: LayerThere[]
  /** Which the upstream called by another digest when they were completed. */
  readonly doubted: LayerThere[]
  readonly tags: TagPush[]
  /** Answers that no rule allows. */
  readonly surprises: string[]
  readonly ends: Record<PushEnd, number>
  /** By their statuses, and the codes of errors. */
  readonly answers: Record<string, number>
  /** A clock that only goes forward. */
  now(): number
}

export function createLedger(): Ledger {
  let time = 0
  return {
    acknowledged: [],
    good: [],
    refused: [],
    started: [],
    doubted: [],
    tags: [],
    surprises: [],
    ends: { acknowledged: 0, refused: 0, 'given up': 0 },
    answers: {},
    now() {
      time += 1
      return time
    },
  }
}
