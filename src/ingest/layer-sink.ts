import type { SpoolWriter } from '../layers/spool.ts'
import type { Pace } from './pace.ts'

/** What `receive` needs of a writer. */
export type LayerSink = Pick<SpoolWriter, 'write' | 'flush'>

/** Takes bytes no faster than `pace` lets them in. */
export function pacedSink(sink: LayerSink, pace: Pace, signal: AbortSignal): LayerSink {
  return {
    async write(chunk) {
      await pace.admit(chunk.length, signal)
      return sink.write(chunk)
    },
    flush() {
      pace.end(signal)
      return sink.flush()
    },
  }
}
