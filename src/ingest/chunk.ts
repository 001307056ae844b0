import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { rangeLength } from '../registry/byte-range.ts'
import type { ContentDigest } from '../registry/content-digest.ts'
import { parseContentRange } from '../registry/content-range.ts'
import { LayergateError } from '../registry/errors.ts'
import type { LayerSink } from './layer-sink.ts'

/** What a request adds to an upload, and what it says of that. */
export interface Chunk {
  readonly body: Readable
  /** As announced by Content-Length. */
  readonly sizeBytes?: number
  /** The `Content-Range` header as it came. */
  readonly range?: string
  readonly contentDigest?: ContentDigest
  /** Called when the body is about to be read. */
  welcome(): void
}

/**
 * Where a chunk belongs, decided before a byte of it is read.
 *
 * @param offsetBytes where the upload stands
 * @returns how many bytes must come; `undefined` where only the end of the body tells
 * @throws LayergateError `upload_range_invalid`
 */
export function planChunk(
  offsetBytes: number,
  { range: text, sizeBytes }: Pick<Chunk, 'range' | 'sizeBytes'>,
): number | undefined {
  if (text === undefined) return sizeBytes
  const range = parseContentRange(text)
  if (!range) throw wrongRange(offsetBytes, `${JSON.stringify(text)} is not a range of bytes.`)
  if (range.firstByte !== offsetBytes) {
    throw wrongRange(offsetBytes, `The chunk starts at byte ${range.firstByte}.`)
  }
  const rangeBytes = rangeLength(range)
  if (sizeBytes !== undefined && sizeBytes !== rangeBytes) {
    throw wrongRange(offsetBytes, `The range has ${rangeBytes} bytes, the body ${sizeBytes}.`)
  }
  return rangeBytes
}

/** Lets nothing become durable but the whole chunk, with the bytes that its message announced. */
export function checkedSink(
  sink: LayerSink,
  offsetBytes: number,
  plannedBytes: number | undefined,
  contentDigest: ContentDigest | undefined,
): LayerSink {
  const hash = contentDigest && createHash(contentDigest.algorithm)
  let cameBytes = 0
  return {
    async write(bytes) {
      cameBytes += bytes.length
      if (plannedBytes !== undefined && cameBytes > plannedBytes) {
        throw wrongRange(
          offsetBytes,
          `More than the ${plannedBytes} bytes that were announced came.`,
        )
      }
      hash?.update(bytes)
      return sink.write(bytes)
    },
    async flush() {
      if (plannedBytes !== undefined && cameBytes !== plannedBytes) {
        throw wrongRange(
          offsetBytes,
          `${plannedBytes} bytes were announced, but ${cameBytes} came.`,
        )
      }
      if (hash && contentDigest) requireContent(hash.digest('base64'), contentDigest)
      return sink.flush()
    },
  }
}

function requireContent(actual: string, { algorithm, base64 }: ContentDigest): void {
  if (actual === base64) return
  const detail = `Expected ${base64} as the ${algorithm} of this chunk, found ${actual}.`
  throw new LayergateError('chunk_digest_mismatch', detail)
}

function wrongRange(offsetBytes: number, what: string): LayergateError {
  const detail = `${what} The upload has ${offsetBytes} bytes.`
  return new LayergateError('upload_range_invalid', detail, { actual: { sizeBytes: offsetBytes } })
}
