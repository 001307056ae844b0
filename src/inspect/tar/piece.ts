/** Puts together pieces of a stream that may be split anywhere. */
export interface PieceGatherer {
  /** Of the piece that is not whole yet. */
  readonly heldBytes: number
  /**
   * Takes what belongs to the piece from `bytes`, at `start`. A piece that lies there as a whole is not copied: it is valid as long as
   * `bytes` are.
   *
   * @returns the piece, once it is whole
   */
  take(bytes: Uint8Array, start: number, pieceBytes: number): Uint8Array | undefined
  /** What is there of the piece. */
  readonly held: Uint8Array
}

export function createPieceGatherer(): PieceGatherer {
  let buffer = new Uint8Array()
  let heldBytes = 0

  /** Grows with what comes, not with what was announced. */
  function grow(neededBytes: number, pieceBytes: number): void {
    if (neededBytes <= buffer.length) return
    const grown = new Uint8Array(Math.min(pieceBytes, Math.max(neededBytes, 2 * buffer.length)))
    grown.set(buffer.subarray(0, heldBytes))
    buffer = grown
  }

  return {
    get heldBytes() {
      return heldBytes
    },
    get held() {
      return buffer.subarray(0, heldBytes)
    },
    take(bytes, start, pieceBytes) {
      const end = start + pieceBytes - heldBytes
      if (heldBytes === 0 && end <= bytes.length) return bytes.subarray(start, end)
      const taken = bytes.subarray(start, end)
      grow(heldBytes + taken.length, pieceBytes)
      buffer.set(taken, heldBytes)
      heldBytes += taken.length
      if (heldBytes < pieceBytes) return undefined
      const piece = buffer.subarray(0, pieceBytes)
      buffer = new Uint8Array()
      heldBytes = 0
      return piece
    },
  }
}
