import type { ByteRange } from './byte-range.ts'

/**
 * The `Content-Range` of a chunk: both ends included, no unit, no total
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks). A `bytes ` in front, as in
 * RFC 9110, is let pass: its meaning is the same.
 *
 * @returns `undefined` for anything else
 */
export function parseContentRange(text: string): ByteRange | undefined {
  const [, first, last] = /^(?:bytes )?([0-9]{1,15})-([0-9]{1,15})$/.exec(text) ?? []
  if (first === undefined || last === undefined) return undefined
  const range = { firstByte: Number(first), lastByte: Number(last) }
  return range.lastByte < range.firstByte ? undefined : range
}
