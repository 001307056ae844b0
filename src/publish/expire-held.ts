import type { Refusals } from '../layers/refusals.ts'
import { diagnosis, isRefusalCause } from '../registry/diagnosis.ts'
import type { Observer } from '../registry/events.ts'
import { type Forward, type ForwardJournal, forwardName } from './forward-journal.ts'

export interface ExpireHeldPorts {
  readonly journal: Pick<ForwardJournal, 'unpaid' | 'dropHeld'>
  readonly refusals: Pick<Refusals, 'hasRefused'>
  readonly observer: Observer
  readonly now: () => Date
}

/** The longest recorded come first; of what is beyond these a crash may leave some untold. */
const maxToldBefore = 10_000

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
  const time = new Date(at.getTime() - ttlMs)

  async function tellOf(forward: Forward): Promise<void> {
    const { key, recordedAt } = forward
    // Rather told twice than never.
    const isTold = await refusals
      .hasRefused(key.repository, key.digest, recordedAt)
      .catch(() => false)
    if (!isTold) tell(observer, forward, at)
  }

  // Told first: a crash in between has it told again, and dropped then.
  const unpaid = await journal.unpaid(maxToldBefore)
  const expired = unpaid.filter(({ state, recordedAt }) => state === 'held' && recordedAt < time)
  for (const forward of expired) await tellOf(forward)
  const told = new Set(expired.map(({ key }) => forwardName(key)))
  const dropped = await journal.dropHeld(time)
  for (const forward of dropped) if (!told.has(forwardName(forward.key))) await tellOf(forward)
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
