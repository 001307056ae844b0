import type { Spool, SpoolWriter } from '../layers/spool.ts'
import { LayergateError } from '../registry/errors.ts'
import type { Places } from './places.ts'
import type { Room } from './room.ts'
import type { NewUploadSession, UploadSession, UploadSessions } from './upload-sessions.ts'

export interface OpenPorts {
  readonly places: Places
  readonly room: Room
  readonly spool: Spool
  readonly sessions: UploadSessions
}

export interface OpenUpload {
  readonly session: UploadSession
  readonly writer: SpoolWriter
  /** Leaves nothing of the upload behind, but for the layer if it was sealed. */
  close(): Promise<void>
}

/** On a disk that is full the journal needs little, but some: the oldest cached layer has it. */
export const journalBytes = 1

/**
 * Finds a place and room for an upload before a byte of its body is read.
 *
 * @param reserveBytes the announced size, or 0
 * @throws LayergateError `overloaded`, `spool_full`, `spool_too_small`
 * @throws the reason of `signal`
 */
export async function openUpload(
  { places, room, spool, sessions }: OpenPorts,
  upload: NewUploadSession,
  reserveBytes: number,
  signal: AbortSignal,
): Promise<OpenUpload> {
  requireCapacity(spool, reserveBytes)
  await using undo = new AsyncDisposableStack()
  undo.use(await places.take(upload.agent, signal))
  const session = await room.find(journalBytes, signal, () => sessions.create(upload))
  undo.defer(() => sessions.end(session.id))
  undo.defer(() => spool.discard(session.id))
  const writer = await room.find(reserveBytes, signal, () => spool.create(session.id, reserveBytes))
  undo.use(writer)

  const opened = undo.move()
  return { session, writer, close: () => opened.disposeAsync() }
}

/** @throws LayergateError `spool_too_small` when a layer of so many bytes could never be held */
export function requireCapacity(spool: Spool, bytes: number): void {
  const { capacityBytes } = spool.usage()
  if (bytes <= capacityBytes) return
  const detail = `The spool of this service holds ${capacityBytes} bytes in all, not ${bytes}.`
  throw new LayergateError('spool_too_small', detail, { expected: { sizeBytes: capacityBytes } })
}
