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
}

export const defaultLimits: InspectionLimits = {
  maxRatio: 1000,
  maxInflatedBytes: 100 * 1024 * mebibyte,
  maxEntries: 1_000_000,
  // The most that zstd itself takes without being told to (`--long=27`, https://github.com/facebook/zstd/blob/v1.5.6/programs/zstd.1.md).
  maxWindowBytes: 128 * mebibyte,
}

/** Below this no ratio is too high: an archive of two zero blocks has 30, and does no harm. */
export const harmlessBytes = 64 * mebibyte
