/** Changes bytes that come chunk by chunk. */
export interface ByteChange {
  /** What the chunk becomes, valid until the next call; undefined once the bytes cannot be changed so. */
  write(chunk: Uint8Array): Uint8Array | undefined
  /** What was kept back; undefined where it may not end here. */
  end(): Uint8Array | undefined
  /** How many places have been changed. */
  readonly replaced: number
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const nothing = new Uint8Array(0)

/** A buffer that is used for one chunk after the other. */
function createOutput(): (sizeBytes: number) => Buffer {
  let buffer = Buffer.alloc(0)
  return (sizeBytes) => {
    if (buffer.length < sizeBytes) buffer = Buffer.allocUnsafeSlow(sizeBytes)
    return buffer
  }
}

/**
 * LF becomes CRLF: each, or only where no CR stands before it.
 *
 * @param hasOpenEnd a last line without LF, which must be there, gets a CR as well
 */
export function insertCarriageReturns(kind: 'all' | 'missing', hasOpenEnd = false): ByteChange {
  const output = createOutput()
  let last = 0
  let replaced = 0
  return {
    write(chunk) {
      const bytes = output(2 * chunk.length)
      let size = 0
      for (let start = 0; start < chunk.length; ) {
        const at = chunk.indexOf(lineFeed, start)
        const end = at < 0 ? chunk.length : at
        bytes.set(chunk.subarray(start, end), size)
        size += end - start
        start = end + 1
        const before = end > 0 ? chunk[end - 1] : last
        if (at < 0) continue
        if (kind === 'all' || before !== carriageReturn) {
          bytes[size] = carriageReturn
          size += 1
          replaced += 1
        }
        bytes[size] = lineFeed
        size += 1
      }
      last = chunk.at(-1) ?? last
      return bytes.subarray(0, size)
    },
    end() {
      if (!hasOpenEnd) return nothing
      if (last === lineFeed) return undefined
      replaced += 1
      return Uint8Array.of(carriageReturn)
    },
    get replaced() {
      return replaced
    },
  }
}

/**
 * CRLF becomes LF.
 *
 * @param bareLineFeeds whether an LF may stand without a CR
 * @param hasOpenEnd the CR of a last line without LF, which must be there, goes as well
 */
export function dropCarriageReturns(
  bareLineFeeds: 'kept' | 'impossible',
  hasOpenEnd = false,
): ByteChange {
  const output = createOutput()
  let isPending = false
  let replaced = 0
  return {
    write(chunk) {
      if (chunk.length === 0) return nothing
      const bytes = output(chunk.length + 1)
      let size = 0
      if (isPending && chunk[0] !== lineFeed) {
        bytes[0] = carriageReturn
        size = 1
      }
      for (let start = 0; start < chunk.length; ) {
        const at = chunk.indexOf(lineFeed, start)
        const end = at < 0 ? chunk.length : at
        const hasReturn = end > 0 ? chunk[end - 1] === carriageReturn : isPending
        // It was kept back, or has to be.
        const dropped = hasReturn && end > start ? 1 : 0
        bytes.set(chunk.subarray(start, end - dropped), size)
        size += end - dropped - start
        start = end + 1
        if (at < 0) continue
        if (hasReturn) replaced += 1
        else if (bareLineFeeds === 'impossible') return undefined
        bytes[size] = lineFeed
        size += 1
      }
      isPending = chunk.at(-1) === carriageReturn
      return bytes.subarray(0, size)
    },
    end() {
      if (!hasOpenEnd) return isPending ? Uint8Array.of(carriageReturn) : nothing
      if (!isPending) return undefined
      replaced += 1
      return nothing
    },
    get replaced() {
      return replaced
    },
  }
}
