/** Bytes `firstByte` to `lastByte` of a layer, counted from zero, both included: as ECR counts. */
export interface ByteRange {
  readonly firstByte: number
  readonly lastByte: number
}

export function rangeLength(range: ByteRange): number {
  return range.lastByte - range.firstByte + 1
}
