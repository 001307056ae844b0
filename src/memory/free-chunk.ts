/**
 * Frees the memory of a chunk that nobody reads any more, now rather than when the collector finds it. The collector sees a small object
 * in front of 64 KiB: until it comes, a fast body has filled tens of MiB, and each chunk was read into pages that are new to the process.
 * Freed at once, the next chunk is read into the same, which the processor still has in its cache.
 *
 * A chunk that shares its memory with others, as slices and small buffers do, stays as it is.
 */
export function freeChunk({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
