const mebibyte = 1024 * 1024

/** What the inspection of one layer may take. Beyond one of these it ends, and the layer is unexamined. */
export interface InspectionLimits {
  /** Inflated bytes for each compressed one, where they are many. */
  readonly maxRatio: number
  readonly maxInflatedBytes: number
  /** Of the tar archive. */
  readonly maxEntries: number
  /** What a zstd frame may have its reader keep. */
  readonly maxWindowBytes: number
  /** Inflated bytes that are inspected of any layer, and for each compressed byte: what they cost is time. */
  readonly workBytes: number
  readonly workBytesPerByte: number
}

export const defaultLimits: InspectionLimits = {
  maxRatio: 1000,
  maxInflatedBytes: 100 * 1024 * mebibyte,
  maxEntries: 1_000_000,
  // The most that zstd itself takes without being told to (`--long=27`, https://github.com/facebook/zstd/blob/v1.5.6/programs/zstd.1.md).
  maxWindowBytes: 128 * mebibyte,
  // Each GiB takes some 4 s. Real layers inflate to two to ten times their size, and logs to thirty.
  workBytes: 512 * mebibyte,
  workBytesPerByte: 40,
}

/**
 * How much of the contents is inspected of so many compressed bytes. What inflates to just below the ratio would keep its client waiting for
 * minutes. Bytes are counted rather than time, so that no layer passes for a busy machine.
 */
export function allowedWorkBytes(limits: InspectionLimits, compressedBytes: number): number {
  return limits.workBytes + limits.workBytesPerByte * compressedBytes
}

/** Below this no ratio is too high: an archive of two zero blocks has 30, and does no harm. */
export const harmlessBytes = 64 * mebibyte
