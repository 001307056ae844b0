import { hashBytes } from '../layers/hash-bytes.ts'
import type { Spool } from '../layers/spool.ts'
import { LayergateError } from '../registry/errors.ts'
import type { UploadId } from '../registry/upload-id.ts'
import { measured, noProgress, type Progress } from './progress.ts'
import type { UploadSession } from './upload-sessions.ts'

/**
 * The hashes of uploads that are to be continued. Only an upload that another process began, or that was forgotten here, is read
 * once more from the spool.
 */
export interface UploadHashes {
  /**
   * @throws LayergateError `upload_unknown` when the spool does not hold what the session says
   * @throws the reason of `signal`
   */
  of(session: Pick<UploadSession, 'id' | 'received'>, signal: AbortSignal): Promise<Progress>
  /** Whether this process has hashed, or read again, all that the session received. */
  has(session: Pick<UploadSession, 'id' | 'received'>): boolean
  remember(id: UploadId, progress: Progress): void
  forget(id: UploadId): void
}

const rememberedUploads = 10_000

export function createUploadHashes(spool: Spool): UploadHashes {
  const known = new Map<UploadId, Progress>()

  function remember(id: UploadId, progress: Progress): void {
    known.delete(id)
    known.set(id, progress)
    const [oldest] = known.keys()
    if (oldest !== undefined && known.size > rememberedUploads) known.delete(oldest)
  }

  async function readAgain(
    { id, received }: Pick<UploadSession, 'id' | 'received'>,
    signal: AbortSignal,
  ): Promise<Progress> {
    await using reader = await spool.openUpload(id)
    const { sizeBytes } = received
    const progress = { hash: await hashBytes(reader, sizeBytes, signal), sizeBytes }
    if (measured(progress).digest === received.digest) return progress
    const detail = `The ${sizeBytes} bytes of this upload are not in the spool any more.`
    throw new LayergateError('upload_unknown', detail)
  }

  return {
    async of(session, signal) {
      const { sizeBytes } = session.received
      if (sizeBytes === 0) return noProgress()
      const kept = known.get(session.id)
      if (kept?.sizeBytes === sizeBytes) return kept
      const progress = await readAgain(session, signal)
      remember(session.id, progress)
      return progress
    },
    has: ({ id, received }) => known.get(id)?.sizeBytes === received.sizeBytes,
    remember,
    forget: (id) => void known.delete(id),
  }
}
