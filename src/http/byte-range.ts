import type { ByteRange } from '../registry/byte-range.ts'
import { LayergateError } from '../registry/errors.ts'

/**
 * The one range that a request wants (https://www.rfc-editor.org/rfc/rfc9110#section-14.2). Whatever else a `Range` header says, several
 * ranges included, is ignored, as the RFC allows: then all bytes are the answer.
 *
 * @throws LayergateError `blob_range_invalid` when none of its bytes exist
 */
export function wantedRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return undefined
  const range =
    first === ''
      ? { firstByte: Math.max(0, sizeBytes - Number(last)), lastByte: sizeBytes - 1 }
      : {
          firstByte: Number(first),
          lastByte: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1),
        }
  if (range.firstByte <= range.lastByte) return range
  const detail = `The blob has ${sizeBytes} bytes, and ${header} is none of them.`
  throw new LayergateError('blob_range_invalid', detail, { actual: { sizeBytes } })
}
