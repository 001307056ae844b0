import { createHash } from 'node:crypto'
import type { SpoolReader } from '../layers/spool.ts'
import { type ByteRange, rangeLength } from '../registry/byte-range.ts'
import { LayergateError } from '../registry/errors.ts'
import { slicesOf } from './slices.ts'

/** The members of UploadLayerPart but its bytes. */
export interface PartMembers {
  readonly registryId?: string
  readonly repositoryName: string
  readonly uploadId: string
  readonly partFirstByte: number
  readonly partLastByte: number
}

/** A whole request body, and its SHA-256 as the signature wants it. */
export interface EncodedPart {
  readonly body: Buffer
  readonly sha256Hex: string
}

/** Between two breaths of the event loop. A multiple of 3, so that pieces of base64 join without padding between them. */
const readBytes = 384 * 1024
/** Strings of a larger one are kept apart by V8, in memory that is new each time. A multiple of 3 as well. */
const sliceBytes = 96 * 1024

/** More than the longest names that ECR Public allows (API model, 2020-10-30) take in JSON. */
const maxMembersBytes = 1024

/** How many bytes a body needs for parts of up to `partSizeBytes`. */
export function bodyBytesFor(partSizeBytes: number): number {
  return base64Bytes(partSizeBytes) + maxMembersBytes
}

/**
 * Writes the JSON body of UploadLayerPart into `target`, in slices: what the SDK makes of a part costs twice
 * the CPU, a string as large as the body, and stalls the event loop for tens of milliseconds.
 *
 * The bytes of the layer are read into the end of the body, where base64 will stand at last: it grows by a third, so that it comes to a byte
 * only after that was encoded.
 *
 * @throws RangeError when the body does not fit
 * @throws LayergateError `spool_damaged` when the layer ends before the range does
 */
export async function encodePart(
  target: Buffer,
  members: PartMembers,
  reader: SpoolReader,
  range: ByteRange,
): Promise<EncodedPart> {
  const head = Buffer.from(`${JSON.stringify(members).slice(0, -1)},"layerPartBlob":"`)
  const tail = Buffer.from('"}')
  const layerBytes = rangeLength(range)
  const bodyBytes = head.byteLength + base64Bytes(layerBytes) + tail.byteLength
  if (bodyBytes > target.byteLength) {
    throw new RangeError(`A body of ${bodyBytes} bytes does not fit into ${target.byteLength}.`)
  }

  const body = target.subarray(0, bodyBytes)
  const layer = body.subarray(bodyBytes - tail.byteLength - layerBytes, bodyBytes - tail.byteLength)
  const hash = createHash('sha256')
  let written = 0
  const wrote = (byteLength: number) => {
    hash.update(body.subarray(written, written + byteLength))
    written += byteLength
  }

  wrote(head.copy(body))
  for (let start = 0; start < layerBytes; start += readBytes) {
    const piece = layer.subarray(start, start + readBytes)
    await fill(piece, reader, range.firstByte + start)
    for (const slice of slicesOf(piece, sliceBytes)) {
      wrote(body.write(slice.toString('base64'), written, 'latin1'))
    }
  }
  wrote(tail.copy(body, written))
  return { body, sha256Hex: hash.digest('hex') }
}

async function fill(target: Buffer, reader: SpoolReader, position: number): Promise<void> {
  const length = await reader.read(target, position)
  if (length === target.byteLength) return
  throw new LayergateError('spool_damaged', `The spooled layer ends at byte ${position + length}.`)
}

function base64Bytes(bytes: number): number {
  return 4 * Math.ceil(bytes / 3)
}
