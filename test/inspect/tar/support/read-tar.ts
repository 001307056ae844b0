import type { Flaw } from '../../../../src/registry/findings.ts'
import { createTarReader } from '../../../../src/inspect/tar/tar-reader.ts'

export interface Verdict {
  readonly isTar: boolean
  readonly entries: number
  readonly flaw: Flaw | undefined
}

/** @param cuts where the bytes are split into chunks, in order */
export function readTar(
  bytes: Uint8Array,
  cuts: readonly number[] = [],
  maxEntries = 1000,
): Verdict {
  const reader = createTarReader({ maxEntries })
  const edges = [0, ...cuts, bytes.length]
  for (const [index, start] of edges.slice(0, -1).entries()) {
    // As in the service, the memory of a chunk is used for something else once it was taken.
    const chunk = Uint8Array.from(bytes.subarray(start, edges[index + 1]))
    reader.write(chunk)
    chunk.fill(0xa5)
  }
  reader.end()
  return { isTar: reader.isTar, entries: reader.entries, flaw: reader.flaw }
}

/** A good archive with so many entries. */
export function good(entries: number): Verdict {
  return { isTar: true, entries, flaw: undefined }
}

export const noTar: Verdict = { isTar: false, entries: 0, flaw: undefined }
