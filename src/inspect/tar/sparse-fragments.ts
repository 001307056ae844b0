/** The fragments of a sparse file that have data, in their order. What lies between them is zeros, and takes no place in the archive. */
export interface SparseFragments {
  /** Whether it may stand behind those before: within the file, and not overlapping. A wrong one is not counted. */
  add(offset: number | undefined, lengthBytes: number | undefined): boolean
  readonly dataBytes: number
}

/** @param fileBytes the size of the file once it is unpacked */
export function createSparseFragments(fileBytes: number): SparseFragments {
  let endBytes = 0
  let dataBytes = 0
  return {
    add(offset = -1, lengthBytes = -1) {
      if (lengthBytes < 0 || offset < endBytes || offset + lengthBytes > fileBytes) return false
      endBytes = offset + lengthBytes
      dataBytes += lengthBytes
      return true
    },
    get dataBytes() {
      return dataBytes
    },
  }
}
