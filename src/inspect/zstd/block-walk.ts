const headerBytes = 3
const checksumBytes = 4
const repeatedByte = 1

/** Finds the end of a frame by the headers of its blocks (RFC 8878, 3.1.1.2). What lies in the blocks is for the decompressor. */
export interface BlockWalk {
  /** Goes on through what lies behind the header of the frame. Returns how many of the bytes belong to the frame. */
  take(bytes: Buffer): number
  /** How many have begun. */
  readonly blocks: number
  readonly isOver: boolean
}

export function createBlockWalk(hasChecksum: boolean): BlockWalk {
  let header = 0
  let filledBytes = 0
  /** Of the block, up to the next header or the end of the frame. */
  let leftBytes = 0
  let isLast = false
  let blocks = 0

  function enterBlock(): void {
    const isRepeated = ((header >> 1) & 3) === 1
    leftBytes = isRepeated ? repeatedByte : header >> 3
    isLast = (header & 1) === 1
    if (isLast && hasChecksum) leftBytes += checksumBytes
    header = 0
    filledBytes = 0
    blocks += 1
  }

  const isOver = () => isLast && leftBytes === 0

  return {
    take(bytes) {
      let at = 0
      while (at < bytes.length && !isOver()) {
        if (leftBytes > 0) {
          const step = Math.min(leftBytes, bytes.length - at)
          at += step
          leftBytes -= step
          continue
        }
        header |= (bytes[at] ?? 0) << (8 * filledBytes)
        at += 1
        filledBytes += 1
        if (filledBytes === headerBytes) enterBlock()
      }
      return at
    },
    get blocks() {
      return blocks
    },
    get isOver() {
      return isOver()
    },
  }
}
