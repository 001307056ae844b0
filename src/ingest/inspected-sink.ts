import type { Inspector } from '../layers/inspector.ts'
import type { UploadId } from '../registry/upload-id.ts'
import type { LayerSink } from './layer-sink.ts'

/** Between two words to the inspector: smaller layers are inspected at their end. */
const stepBytes = 1024 * 1024

/** Has the inspection follow what is written, and the client wait for it where it cannot keep up. */
export function inspectedSink(
  sink: LayerSink,
  inspector: Pick<Inspector, 'follow'>,
  id: UploadId,
  offsetBytes: number,
  signal: AbortSignal,
): LayerSink {
  let writtenBytes = offsetBytes
  let toldBytes = offsetBytes
  return {
    async write(chunk) {
      await sink.write(chunk)
      writtenBytes += chunk.length
      if (writtenBytes - toldBytes < stepBytes) return
      toldBytes = writtenBytes
      await inspector.follow(id, writtenBytes, signal)
    },
    flush: () => sink.flush(),
  }
}
