/** Buffers of one size that are used again and again, since new memory costs a page fault for every 4 KiB of it. */
export interface SpareBuffers {
  /** What it holds is what was last written there. */
  take(): Buffer
  /** For whoever is done with it: nobody may read it, or write to it, any more. */
  give(buffer: Buffer): void
}

/** Those that lie idle are held weakly: a quiet service gives their memory back without a timer. */
export function createSpareBuffers(bufferBytes: number): SpareBuffers {
  const idle: WeakRef<Buffer>[] = []
  return {
    take() {
      for (let kept = idle.pop(); kept; kept = idle.pop()) {
        const buffer = kept.deref()
        if (buffer) return buffer
      }
      return Buffer.allocUnsafeSlow(bufferBytes)
    },
    give: (buffer) => void idle.push(new WeakRef(buffer)),
  }
}
