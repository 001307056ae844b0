import type { SpoolWriter } from '../layers/spool.ts'
import type { LayerSink } from './layer-sink.ts'
import type { Room } from './room.ts'

const stepBytes = 1024 * 1024

/** For a body of unknown size: reserves the spool's space step by step, and waits for it where it must. */
export function growingWriter(
  writer: Pick<SpoolWriter, 'reserve'>,
  sink: LayerSink,
  room: Room,
  signal: AbortSignal,
): LayerSink {
  let reservedBytes = 0
  let writtenBytes = 0
  return {
    async write(chunk) {
      writtenBytes += chunk.length
      if (writtenBytes > reservedBytes) {
        await room.find(stepBytes, signal, () => writer.reserve(stepBytes))
        reservedBytes += stepBytes
      }
      return sink.write(chunk)
    },
    flush: () => sink.flush(),
  }
}
