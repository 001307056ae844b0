import type { Forward, ForwardTotals } from '../../publish/forward-journal.ts'

/** A debt as operators see it: with the states of the journal, and with whom and where it comes from. */
export function renderForward({ key, error, upload, dueAt, ...forward }: Forward): object {
  return {
    registry: key.registry,
    repository: key.repository,
    digest: key.digest,
    agent: forward.agent,
    sizeBytes: forward.sizeBytes,
    state: forward.state,
    attempts: forward.attempts,
    ...(error && { error }),
    ...(upload && { sentBytes: upload.sentBytes }),
    ...(dueAt && { dueAt: dueAt.toISOString() }),
    recordedAt: forward.recordedAt.toISOString(),
    changedAt: forward.changedAt.toISOString(),
  }
}

/** Of what was held, it is told that it was: sending it is the operator's own decision. */
export function renderRetried(forward: Forward, before: Forward): object {
  return { ...renderForward(forward), ...(before.state === 'held' && { wasHeld: true }) }
}

export function renderTotals({ oldestRecordedAt, ...totals }: ForwardTotals): object {
  return {
    ...totals,
    ...(oldestRecordedAt && { oldestRecordedAt: oldestRecordedAt.toISOString() }),
  }
}
