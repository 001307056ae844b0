import type { Caller, Grant } from '../access/access.ts'
import type { Recipient } from '../ingest/finish-upload.ts'
import type { Acceptance } from '../publish/acceptance.ts'
import type { Forward } from '../publish/forward-journal.ts'
import type { FindKnownCopies } from '../publish/known-copies.ts'

export interface RecipientPorts {
  readonly acceptance: Acceptance
  readonly knownCopies: FindKnownCopies
}

/** Whoever publishes what one caller sends to one repository. */
export function recipientOf(
  { acceptance, knownCopies }: RecipientPorts,
  role: Recipient<Forward>['role'],
  grant: Grant,
  { canPull }: Pick<Caller, 'canPull'>,
  signal: AbortSignal,
): Recipient<Forward> {
  return {
    role,
    known: (expected, actual) => knownCopies(grant, canPull, expected, actual),
    check: (digest) => acceptance.check(grant, digest, signal),
    record: (layer, hold) => acceptance.record(grant, layer, hold),
  }
}
