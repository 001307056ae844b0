import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'

const blockBytes = 1024 * 1024

/** A layer of any size that is never in memory as a whole: one random-looking block, numbered each time. */
export interface BigLayer {
  readonly sizeBytes: number
  readonly digest: string
  stream(): Readable
}

export function bigLayer(sizeBytes: number, seed: number): BigLayer {
  const block = Buffer.alloc(blockBytes)
  for (let offset = 0, hash = Buffer.from(`seed ${seed}`); offset < blockBytes; offset += 32) {
    hash = createHash('sha256').update(hash).digest()
    hash.copy(block, offset)
  }

  function* blocks(): Generator<Buffer> {
    for (let offset = 0; offset < sizeBytes; offset += blockBytes) {
      const copy = Buffer.from(block.subarray(0, Math.min(blockBytes, sizeBytes - offset)))
      copy.writeUIntBE(offset, 0, 6)
      yield copy
    }
  }

  const hash = createHash('sha256')
  for (const chunk of blocks()) hash.update(chunk)
  return {
    sizeBytes,
    digest: `sha256:${hash.digest('hex')}`,
    stream: () => Readable.from(blocks(), { objectMode: false, highWaterMark: blockBytes }),
  }
}

/** A small one that is in memory as a whole. */
export function bytesLayer(bytes: Buffer): BigLayer {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { sizeBytes: bytes.length, digest, stream: () => Readable.from([bytes]) }
}
