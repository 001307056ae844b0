import type { Refusals } from '../layers/refusals.ts'
import { diagnosis, isRefusalCause } from '../registry/diagnosis.ts'
import type { Observer } from '../registry/events.ts'
import type { Forward, ForwardJournal } from './forward-journal.ts'

export interface ExpireHeldPorts {
  readonly journal: Pick<ForwardJournal, 'dropHeld'>
  readonly refusals: Pick<Refusals, 'hasRefused'>
  readonly observer: Observer
  readonly now: () => Date
}

/**
 * Gives up what was held for `ttlMs` without a manifest that names it, and tells of it as refused; what was refused at a manifest
 * meanwhile was told then.
 *
 * @returns how many forwards were given up
 */
export async function expireHeld(
  { journal, refusals, observer, now }: ExpireHeldPorts,
  ttlMs: number,
): Promise<number> {
  const at = now()
  const dropped = await journal.dropHeld(new Date(at.getTime() - ttlMs))
  for (const forward of dropped) {
    const { key, recordedAt } = forward
    // They are dropped by now: rather told twice than never.
    const isTold = await refusals
      .hasRefused(key.repository, key.digest, recordedAt)
      .catch(() => false)
    if (!isTold) tell(observer, forward, at)
  }
  return dropped.length
}

function tell(
  observer: Observer,
  { key: { repository, digest }, agent, sizeBytes, error }: Forward,
  refusedAt: Date,
): void {
  const { code = 'internal', detail = 'It is not known why it was held.' } = error ?? {}
  observer.observe({
    type: 'layer_invalid',
    stage: 'refused',
    place: 'unclaimed',
    repository,
    agent,
    code,
    detail,
    actual: { digest, sizeBytes },
    diagnosis: diagnosis(isRefusalCause(code) ? code : 'unknown', { receivedBytes: sizeBytes }),
    refusedAt,
  })
}
