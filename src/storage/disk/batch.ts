import type { SpareBuffers } from '../../memory/spare-buffers.ts'

/**
 * Of what a batch is made: a small layer takes no more than one. Where the process is started as in the image (MALLOC_MMAP_THRESHOLD_),
 * malloc maps each on its own: among the chunks in its heap, slabs would keep that from shrinking.
 */
export const slabBytes = 128 * 1024
const minBatchBytes = slabBytes
/** Each batch wakes a thread, which costs some 100 µs; larger ones save little more. */
const maxBatchBytes = 1024 * 1024
/** Of each writer: one fills while the other is written. */
const batchesInMemory = 2

/** How large the batches of each writer may be, so that all of them fit into the memory budget. */
export function batchBytes(memoryBytes: number, openWriters: number): number {
  const share = Math.floor(memoryBytes / (batchesInMemory * Math.max(1, openWriters)))
  return Math.min(maxBatchBytes, Math.max(minBatchBytes, share))
}

/** Bytes that go to the disk with one call. */
export interface Batch {
  sizeBytes(): number
  /** Copies the bytes. */
  append(bytes: Uint8Array): void
  chunks(): readonly Uint8Array[]
  /** Gives its memory back: nobody may use it any more. */
  release(): void
}

export function createBatch(slabs: SpareBuffers): Batch {
  const full: Buffer[] = []
  let filling: Buffer | undefined
  let filledBytes = 0

  return {
    sizeBytes: () => full.length * slabBytes + filledBytes,

    append(bytes) {
      let rest = bytes
      while (rest.length > 0) {
        filling ??= slabs.take()
        const piece = rest.subarray(0, slabBytes - filledBytes)
        filling.set(piece, filledBytes)
        filledBytes += piece.length
        rest = rest.subarray(piece.length)
        if (filledBytes < slabBytes) return
        full.push(filling)
        filling = undefined
        filledBytes = 0
      }
    },

    chunks: () => (filling ? [...full, filling.subarray(0, filledBytes)] : full),

    release() {
      for (const slab of full.splice(0)) slabs.give(slab)
      if (filling) slabs.give(filling)
      filling = undefined
      filledBytes = 0
    },
  }
}
