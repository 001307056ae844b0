/** The header of a zstd frame (RFC 8878, 3.1.1.1), with its magic number. */
export interface FrameHeader {
  readonly headerBytes: number
  /** How much of what was inflated must be kept, to inflate the rest. */
  readonly windowBytes: number
  /** Exact up to 2^53. */
  readonly contentBytes: number | undefined
  /** 0 where none is needed, or none is named. */
  readonly dictionaryId: number
  readonly hasChecksum: boolean
  /** Whether the bit is set that no known version uses. */
  readonly isReserved: boolean
}

export const frameMagic = Buffer.from('28b52ffd', 'hex')

const dictionaryIdBytes = [0, 1, 2, 4]
const contentSizeBytes = [0, 2, 4, 8]

/** @returns undefined where `bytes` do not begin with a header, or not with all of it */
export function findFrameHeader(bytes: Buffer): FrameHeader | undefined {
  const descriptor = bytes[frameMagic.length]
  const isFrame = bytes.subarray(0, frameMagic.length).equals(frameMagic)
  if (!isFrame || descriptor === undefined || bytes.length < headerBytesOf(descriptor))
    return undefined
  return parseFrameHeader(bytes)
}

/** @param bytes begin with a whole header */
export function parseFrameHeader(bytes: Buffer): FrameHeader {
  const descriptor = bytes.readUInt8(frameMagic.length)
  const { isSingleSegment, idBytes, sizeBytes } = fieldsOf(descriptor)
  const end = headerBytesOf(descriptor)
  const sizeStart = end - sizeBytes
  const idStart = sizeStart - idBytes
  const contentBytes = contentSize(bytes.subarray(sizeStart, end))
  return {
    headerBytes: end,
    windowBytes: isSingleSegment ? (contentBytes ?? 0) : windowSize(bytes.readUInt8(idStart - 1)),
    contentBytes,
    dictionaryId: idBytes === 0 ? 0 : bytes.readUIntLE(idStart, idBytes),
    hasChecksum: (descriptor & 0x04) !== 0,
    isReserved: (descriptor & 0x08) !== 0,
  }
}

/** How many bytes a header has, magic number included, by the one behind the magic number: 18 at most. */
export function headerBytesOf(descriptor: number): number {
  const { isSingleSegment, idBytes, sizeBytes } = fieldsOf(descriptor)
  return frameMagic.length + (isSingleSegment ? 1 : 2) + idBytes + sizeBytes
}

function fieldsOf(descriptor: number) {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  return {
    isSingleSegment,
    idBytes: dictionaryIdBytes[descriptor & 0x03] ?? 0,
    sizeBytes: sizeFlag === 0 && isSingleSegment ? 1 : (contentSizeBytes[sizeFlag] ?? 0),
  }
}

function contentSize(field: Buffer): number | undefined {
  if (field.length === 0) return undefined
  if (field.length === 8) return Number(field.readBigUInt64LE())
  const size = field.readUIntLE(0, field.length)
  return field.length === 2 ? size + 256 : size
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 0x07)
}
