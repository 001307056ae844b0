import type { Spool } from '../layers/spool.ts'
import type { UploadId } from '../registry/upload-id.ts'
import type { UploadSessions } from './upload-sessions.ts'

/** Bytes go before their session: a crash in between leaves nothing that nobody knows of. A layer that was sealed stays. */
export async function removeUpload(
  spool: Spool,
  sessions: UploadSessions,
  id: UploadId,
): Promise<void> {
  await spool.discard(id)
  await sessions.end(id)
}
