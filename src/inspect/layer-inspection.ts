import type { Compression, Findings, Flaw, UnexaminedReason } from '../registry/findings.ts'
import { type ContentsReader, createContentsReader } from './contents.ts'
import { createGzipInflater } from './gzip/gzip-inflater.ts'
import type { Inflater } from './inflater.ts'
import type { InspectionLimits } from './limits.ts'
import { BeyondLimit, Malformed } from './malformed.ts'
import { compressionBytes, sniffCompression } from './sniff.ts'
import { createZstdInflater, zstdWindowBytes } from './zstd/zstd-inflater.ts'

/** One layer under inspection, from its first byte to its last. */
export interface LayerInspection extends Disposable {
  /** Resolves when all of `chunk` was taken, and is not needed any more. What is found is kept for the end. */
  write(chunk: Uint8Array): Promise<void>
  /** No more bytes will come. Of what is not compressed, the digest is left out: it is that of the layer. */
  end(): Promise<Findings>
  /** What a zstd frame has kept while it is read: that of its first frame, if that says so at once. */
  readonly windowBytes: number
  /** Whether more bytes could change what was found. */
  readonly isDecided: boolean
}

interface Reading {
  readonly compression: Compression
  readonly contents: ContentsReader
  readonly inflater?: Inflater
}

export function createLayerInspection(limits: InspectionLimits): LayerInspection {
  let head: Buffer | undefined = Buffer.alloc(0)
  let reading: Reading | undefined
  let takenBytes = 0
  let windowBytes = 0
  let flaw: Flaw | undefined
  let limit: UnexaminedReason | undefined

  function startReading(compression: Compression): Reading {
    const isHashed = compression !== 'none'
    const contents = createContentsReader({ limits, isHashed, compressedBytes: () => takenBytes })
    if (compression === 'gzip') {
      return { compression, contents, inflater: createGzipInflater(contents.write) }
    }
    if (compression === 'zstd') {
      return { compression, contents, inflater: createZstdInflater(contents.write, limits) }
    }
    return { compression, contents }
  }

  /** Remembers what the contents prove; everything else is a fault of ours. */
  async function attempt(step: () => Promise<void> | void): Promise<void> {
    if (flaw || limit) return
    try {
      await step()
    } catch (error) {
      if (error instanceof Malformed) ({ flaw } = error)
      else if (error instanceof BeyondLimit) ({ limit } = error)
      else throw error
    }
    if (flaw || limit) reading?.inflater?.[Symbol.dispose]()
  }

  function take(bytes: Uint8Array): Promise<void> {
    reading ??= startReading(sniffCompression(bytes))
    if (head && reading.compression === 'zstd') windowBytes = zstdWindowBytes(bytes) ?? 0
    head = undefined
    takenBytes += bytes.length
    const { inflater, contents } = reading
    return attempt(() => (inflater ? inflater.write(bytes) : contents.write(bytes)))
  }

  return {
    async write(chunk) {
      if (!head) return take(chunk)
      const bytes = head.length > 0 ? Buffer.concat([head, chunk]) : chunk
      // The caller may use the chunk again.
      if (bytes.length < compressionBytes) head = Buffer.from(bytes)
      else await take(bytes)
    },

    async end() {
      if (head) await take(head)
      reading ??= startReading('none')
      const { inflater, contents, compression } = reading
      await attempt(async () => inflater?.end())
      await attempt(() => contents.end())
      const isWhole = !flaw && !limit
      const found = flaw ?? (isWhole ? contents.flaw : undefined)
      const { kind, sizeBytes, entries } = contents
      const diffId = isWhole ? contents.digest() : undefined
      return {
        compression,
        contents: kind,
        inflatedBytes: sizeBytes,
        ...(kind === 'tar' && { entries }),
        ...(diffId && { diffId }),
        ...(found && { flaw: found }),
        ...(limit && { unexamined: limit }),
      }
    },

    get windowBytes() {
      return windowBytes
    },
    get isDecided() {
      if (flaw || limit) return true
      return reading !== undefined && !reading.inflater && reading.contents.isDecided
    },
    [Symbol.dispose]: () => reading?.inflater?.[Symbol.dispose](),
  }
}
