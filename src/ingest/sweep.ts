import type { Spool } from '../layers/spool.ts'
import type { UploadSessions } from './upload-sessions.ts'

/**
 * Removes what uploads left behind when the process died. A layer that was sealed by then stays.
 *
 * @returns how many uploads that were
 */
export async function sweepUnfinished(sessions: UploadSessions, spool: Spool): Promise<number> {
  const unfinished = await sessions.open()
  for (const { id } of unfinished) {
    await spool.discard(id)
    await sessions.end(id)
  }
  return unfinished.length
}
