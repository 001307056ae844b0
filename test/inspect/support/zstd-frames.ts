import { createZstdCompress, constants, zstdCompressSync } from 'node:zlib'

const {
  ZSTD_c_checksumFlag: checksumFlag,
  ZSTD_c_compressionLevel: compressionLevel,
  ZSTD_c_contentSizeFlag: contentSizeFlag,
} = constants

export interface FrameOptions {
  readonly hasChecksum?: boolean
  readonly hasContentSize?: boolean
  readonly level?: number
}

/** As zstd writes it. */
export function zstdFrame(content: Uint8Array, options: FrameOptions = {}): Buffer {
  const { hasChecksum = true, hasContentSize = true, level = 3 } = options
  const params = {
    [checksumFlag]: Number(hasChecksum),
    [contentSizeFlag]: Number(hasContentSize),
    [compressionLevel]: level,
  }
  return zstdCompressSync(content, { params })
}

export interface HandMadeFrame {
  /** Behind the magic number (RFC 8878, 3.1.1.1): a descriptor, and the fields that it asks for. */
  readonly header?: readonly number[]
  readonly blocks?: readonly Buffer[]
  /** Behind the last block. */
  readonly tail?: Buffer
}

/** A window of 1 KiB; no content size, checksum or dictionary. */
export const plainHeader: readonly number[] = [0x00, 0x00]

export function handMadeFrame(frame: HandMadeFrame): Buffer {
  const { header = plainHeader, blocks = [rawBlock('abc')], tail = Buffer.alloc(0) } = frame
  return Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.from(header), ...blocks, tail])
}

export function rawBlock(content: string | Buffer, isLast = true): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([blockHeader(0, bytes.length, isLast), bytes])
}

export function repeatedBlock(byte: number, times: number, isLast = true): Buffer {
  return Buffer.concat([blockHeader(1, times, isLast), Buffer.from([byte])])
}

export function blockHeader(type: number, size: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE(size * 8 + type * 2 + Number(isLast), 0, 3)
  return header
}

/** RFC 8878, 3.1.2. */
export function skippableFrame(content: string | Buffer, kind = 0): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(0x184d2a50 + kind, 0)
  header.writeUInt32LE(Buffer.byteLength(content), 4)
  return Buffer.concat([header, Buffer.from(content)])
}

/** Of a writer that does not know how much will come: no content size, and a window that is larger than need be. */
export async function streamedFrame(content: Uint8Array): Promise<Buffer> {
  const compress = createZstdCompress({ params: { [checksumFlag]: 1 } })
  const half = Math.floor(content.length / 2)
  compress.write(content.subarray(0, half))
  compress.flush()
  compress.end(content.subarray(half))
  return Buffer.concat(await compress.toArray())
}
