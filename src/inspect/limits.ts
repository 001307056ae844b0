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
  /** How long it may take together, whatever the layer is, and how much longer for each MiB of it. */
  readonly maxMs: number
  readonly maxMsPerMebibyte: number
}

export const defaultLimits: InspectionLimits = {
  maxRatio: 1000,
  maxInflatedBytes: 100 * 1024 * mebibyte,
  maxEntries: 1_000_000,
  // The most that zstd itself takes without being told to (`--long=27`, https://github.com/facebook/zstd/blob/v1.5.6/programs/zstd.1.md).
  maxWindowBytes: 128 * mebibyte,
  // A layer that inflates to ten times its size takes some 40 ms for each MiB, and on a busy machine several times that.
  maxMs: 5000,
  maxMsPerMebibyte: 250,
}

/** How long the inspection of so many bytes may take: what inflates to the most that it may would keep its client waiting for minutes. */
export function allowedMs({ maxMs, maxMsPerMebibyte }: InspectionLimits, bytes: number): number {
  return maxMs + (bytes / mebibyte) * maxMsPerMebibyte
}

/** Below this no ratio is too high: an archive of two zero blocks has 30, and does no harm. */
export const harmlessBytes = 64 * mebibyte
