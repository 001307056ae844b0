import { type Chunk, checkedSink, planChunk } from './chunk.ts'
import { growingWriter } from './growing-writer.ts'
import { inspectedSink } from './inspected-sink.ts'
import { type LayerSink, pacedSink } from './layer-sink.ts'
import { type OpenPorts, requireCapacity } from './open-upload.ts'
import type { Inspector } from '../layers/inspector.ts'
import type { Pace } from './pace.ts'
import type { Progress } from './progress.ts'
import { type ReceiveLimits, receive, tooLarge } from './receive.ts'
import type { SessionLease } from './session-leases.ts'
import type { UploadHashes } from './upload-hashes.ts'
import type { UploadSession } from './upload-sessions.ts'

export interface ChunkPorts extends Omit<OpenPorts, 'sessions'> {
  readonly hashes: UploadHashes
  readonly pace: Pace
  readonly inspector: Pick<Inspector, 'follow'>
}

/**
 * Takes in one chunk behind what an upload has so far, and makes it durable, whole or not at all. The session does not know of it
 * yet: until it is told, the next chunk takes the place of this one.
 *
 * @throws LayergateError `upload_range_invalid`, `chunk_digest_mismatch`, `upload_unknown`, `overloaded`, `spool_too_small`, and as
 *   `receive` does
 * @throws the reason of `signal`
 */
export async function receiveChunk(
  { places, room, spool, hashes, pace, inspector }: ChunkPorts,
  limits: ReceiveLimits,
  { id, agent, received }: UploadSession,
  chunk: Chunk,
  lease: SessionLease,
  counting: (sink: LayerSink) => LayerSink,
  signal: AbortSignal,
): Promise<Progress> {
  const offsetBytes = received.sizeBytes
  const plannedBytes = planChunk(offsetBytes, chunk)
  const reserveBytes = plannedBytes ?? 0
  if (offsetBytes + reserveBytes > limits.maxLayerBytes) throw tooLarge(limits.maxLayerBytes)
  requireCapacity(spool, offsetBytes + reserveBytes)

  // A client that has to wait for us is not silent.
  using _ = await lease.working(() => places.take(agent, signal))
  const before = await lease.working(() => hashes.of({ id, received }, signal))
  await using writer = await lease.working(() =>
    room.find(reserveBytes, signal, () => spool.resume(id, offsetBytes, reserveBytes)),
  )
  const checked = checkedSink(writer, offsetBytes, plannedBytes, chunk.contentDigest)
  const roomy = plannedBytes === undefined ? growingWriter(writer, checked, room, signal) : checked
  const paced = pacedSink(counting(roomy), pace, signal)
  const sink = inLease(lease, inspectedSink(paced, inspector, id, offsetBytes, signal))
  chunk.welcome()
  return await receive(chunk.body, sink, limits, signal, before)
}

function inLease(lease: SessionLease, sink: LayerSink): LayerSink {
  return {
    write: (bytes) => lease.working(() => sink.write(bytes)),
    flush: () => lease.working(() => sink.flush()),
  }
}
