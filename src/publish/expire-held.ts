import type { LayerFindings } from '../layers/layer-findings.ts'
import type { Refusals } from '../layers/refusals.ts'
import { type Diagnosis, diagnosis, isRefusalCause } from '../registry/diagnosis.ts'
import type { Digest } from '../registry/digest.ts'
import type { Observer } from '../registry/events.ts'
import type { Findings } from '../registry/findings.ts'
import { suspicionOf } from '../registry/suspicion.ts'
import { type Forward, type ForwardJournal, forwardName } from './forward-journal.ts'

export interface ExpireHeldPorts {
  readonly journal: Pick<ForwardJournal, 'unpaid' | 'dropHeld'>
  readonly refusals: Pick<Refusals, 'hasRefused'>
  readonly findings: Pick<LayerFindings, 'of'>
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
  { journal, refusals, findings, observer, now }: ExpireHeldPorts,
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
    if (isTold) return
    const found = await findings.of([key.digest]).catch(() => new Map<Digest, Findings>())
    tell(observer, forward, found.get(key.digest), at)
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
  findings: Findings | undefined,
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
    diagnosis: diagnosisOf(code, sizeBytes, findings),
    refusedAt,
  })
}

/** Findings are forgotten one day, as those beyond a limit are at once: then there is no more evidence than the size. */
function diagnosisOf(code: string, receivedBytes: number, findings?: Findings): Diagnosis {
  const suspicion = findings && suspicionOf(findings)
  const evidence = suspicion?.cause === code ? suspicion.evidence : {}
  return diagnosis(isRefusalCause(code) ? code : 'unknown', { receivedBytes, ...evidence })
}
