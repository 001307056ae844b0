/** Counted from zero, both ends included. */
export interface ByteRange {
  readonly firstByte: number
  readonly lastByte: number
}

/**
 * Reads a Range header (RFC 9110, section 14) for something of `sizeBytes`.
 * @returns undefined where the whole is to be sent: without the header, and where it is not one range of bytes
 */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || `${first}${last}` === '') return undefined
  const end = sizeBytes - 1
  if (first === '') {
    const suffixBytes = Number(last)
    if (suffixBytes === 0) return 'unsatisfiable'
    return { firstByte: Math.max(0, sizeBytes - suffixBytes), lastByte: end }
  }
  const firstByte = Number(first)
  const lastByte = last === '' ? end : Math.min(Number(last), end)
  if (last !== '' && Number(last) < firstByte) return undefined
  return firstByte > end ? 'unsatisfiable' : { firstByte, lastByte }
}
