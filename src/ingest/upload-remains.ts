import type { Inspector } from '../layers/inspector.ts'
import type { Spool } from '../layers/spool.ts'
import type { Diagnosis } from '../registry/diagnosis.ts'
import { hasCode, type LayergateError } from '../registry/errors.ts'
import type { UploadId } from '../registry/upload-id.ts'
import { removeUpload } from './remove-upload.ts'
import type { SessionLeases } from './session-leases.ts'
import type { UploadHashes } from './upload-hashes.ts'
import type { UploadSession, UploadSessions } from './upload-sessions.ts'

/** What a request that failed, a crash, or a client that gives up leaves of an upload. */
export interface UploadRemains {
  /** What a request that failed with `error` left: all of the upload where its bytes are wrong or lost, otherwise what it brought. */
  clearAway(session: UploadSession, error: LayergateError, broughtChunk: boolean): Promise<void>
  /**
   * Drops what lies beyond the acknowledged bytes of a session.
   *
   * @throws LayergateError `upload_unknown` when those bytes are not there, since they are sealed or lost
   */
  rollBack(session: UploadSession): Promise<void>
  remove(id: UploadId): Promise<void>
}

export interface UploadRemainsPorts {
  readonly spool: Spool
  readonly sessions: UploadSessions
  readonly hashes: UploadHashes
  readonly leases: SessionLeases
  readonly inspector: Pick<Inspector, 'forget'>
  /** Something could not be cleared away; the sweep will do it. */
  onLeftBehind(error: unknown): void
}

export function createUploadRemains(ports: UploadRemainsPorts): UploadRemains {
  const { spool, sessions, hashes, leases, inspector } = ports

  async function remove(id: UploadId): Promise<void> {
    hashes.forget(id)
    inspector.forget(id)
    await removeUpload(spool, sessions, id)
  }

  function rollBack({ id, received }: UploadSession): Promise<void> {
    return spool.cut(id, received.sizeBytes)
  }

  async function drop(session: UploadSession): Promise<void> {
    await rollBack(session).catch((failure: unknown) => {
      // What is sealed already needs no rolling back, and who asks for what is lost is told.
      if (!hasCode(failure, 'upload_unknown')) throw failure
    })
  }

  /** After the diagnosis, which reads these bytes. Whoever went on with the upload meanwhile has dropped them. */
  async function dropLater(id: UploadId, { evidence }: Diagnosis): Promise<void> {
    // The service ends, and the next start drops them.
    if (evidence['cutShort'] !== undefined) return
    try {
      using lease = leases.takeFree(id)
      const session = lease && (await sessions.find(id))
      if (session && session.finishedAs === undefined) await drop(session)
    } catch (error) {
      ports.onLeftBehind(error)
    }
  }

  return {
    remove,
    rollBack,

    async clearAway(session, error, broughtChunk) {
      if (session.finishedAs !== undefined) return
      const isWrong = error.code === 'digest_mismatch' && !broughtChunk
      if (isWrong || error.code === 'upload_unknown') return remove(session.id)
      // It may have seen what is dropped now.
      if (broughtChunk && !isBeforeChunk(error)) inspector.forget(session.id)
      const { finalDiagnosis } = error.facts
      if (finalDiagnosis) void finalDiagnosis.then((found) => dropLater(session.id, found))
      else await drop(session)
    },
  }
}

/** Nothing of the chunk was read by then. */
function isBeforeChunk({ code }: LayergateError): boolean {
  return code === 'upload_range_invalid' || code === 'upload_busy'
}
