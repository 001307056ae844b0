import type { Inspector } from '../layers/inspector.ts'
import type { Spool } from '../layers/spool.ts'
import { removeUpload } from './remove-upload.ts'
import type { SessionLeases } from './session-leases.ts'
import type { UploadSessions } from './upload-sessions.ts'

/**
 * Removes what uploads of one request left behind when the process died. Uploads that a client may come back to stay, and so
 * does a layer that was sealed by then.
 *
 * @returns how many uploads that were
 */
export async function sweepUnfinished(sessions: UploadSessions, spool: Spool): Promise<number> {
  const cutOff = (await sessions.unfinished()).filter(({ isResumable }) => !isResumable)
  for (const { id } of cutOff) {
    await removeUpload(spool, sessions, id)
  }
  return cutOff.length
}

/** How long the tombstone of a finished upload answers the same request again. */
const tombstoneTtlMs = 60 * 60_000

export interface SweepPorts {
  readonly sessions: UploadSessions
  readonly spool: Spool
  readonly leases: SessionLeases
  readonly inspector: Pick<Inspector, 'forget'>
  readonly now: () => Date
}

/**
 * Removes the uploads that nobody went on with for `uploadTtlMs`, and old tombstones. One that is being written to stays.
 *
 * @returns how many unfinished uploads were removed
 */
export async function sweepExpired(
  { sessions, spool, leases, inspector, now }: SweepPorts,
  uploadTtlMs: number,
): Promise<number> {
  const nowMs = now().getTime()
  const earlier = new Date(nowMs - Math.min(uploadTtlMs, tombstoneTtlMs))
  let removed = 0
  for (const { id } of await sessions.unchangedSince(earlier)) {
    using lease = leases.takeFree(id)
    const session = lease && (await sessions.find(id))
    if (!session) continue
    const isTombstone = session.finishedAs !== undefined
    const ttlMs = isTombstone ? tombstoneTtlMs : uploadTtlMs
    if (nowMs - session.changedAt.getTime() < ttlMs) continue
    inspector.forget(id)
    await removeUpload(spool, sessions, id)
    if (!isTombstone) removed += 1
  }
  return removed
}
