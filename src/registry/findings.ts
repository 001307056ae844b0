import type { Evidence, FlawCause } from './diagnosis.ts'
import type { Digest } from './digest.ts'

/** What is wrong with the contents of a layer. */
export interface Flaw {
  readonly cause: FlawCause
  /** One sentence about this very case, with its place: `The checksum of gzip member 2, at byte 1024, is wrong.` */
  readonly detail: string
  readonly evidence: Evidence
}

/** Why it is not known whether a layer is good. The first six are limits of the inspection. */
export type UnexaminedReason =
  | 'ratio'
  | 'bytes'
  | 'entries'
  | 'memory'
  | 'work'
  | 'time'
  /** It was to be inspected, and could not be. */
  | 'failed'
  /** Nobody wanted it inspected. */
  | 'off'

export const unexaminedReasons: readonly UnexaminedReason[] = [
  'ratio',
  'bytes',
  'entries',
  'memory',
  'work',
  'time',
  'failed',
]

export type Compression = 'none' | 'gzip' | 'zstd'

/** `html`, `base64` and `opaque` are no tar archives; `empty` is no byte at all. */
export type Contents = 'tar' | 'html' | 'base64' | 'opaque' | 'empty'

/** What the inspection found in the bytes of one layer. */
export interface Findings {
  readonly compression: Compression
  /** What lies inside of the compression. */
  readonly contents: Contents
  /** What lies inside of the compression, in bytes, as far as it was read. */
  readonly inflatedBytes: number
  /** Of the tar archive, as far as it was read. */
  readonly entries?: number
  /** The digest of what lies inside of the compression; absent where that was not read to its end. */
  readonly diffId?: Digest
  readonly flaw?: Flaw
  readonly unexamined?: UnexaminedReason
}

/** What is done about layers that are invalid, but for their digest: refused, only told, or not looked for. */
export type InspectMode = 'enforce' | 'report' | 'off'

/** What is done about layers that are beyond the limits of the inspection. */
export type OverLimit = 'pass' | 'refuse'

const limitReasons: ReadonlySet<UnexaminedReason> = new Set<UnexaminedReason>([
  'ratio',
  'bytes',
  'entries',
  'memory',
  'work',
  'time',
])

/** The same, a limit being a flaw where it is to be one. */
export function judge(findings: Findings, overLimit: OverLimit): Findings {
  const { unexamined: limit, inflatedBytes, flaw } = findings
  if (flaw || overLimit === 'pass' || limit === undefined || !limitReasons.has(limit))
    return findings
  const detail = `The inspection ended at its limit of ${limit}, after ${inflatedBytes} inflated bytes.`
  return {
    ...findings,
    flaw: { cause: 'beyond_limits', detail, evidence: { limit, inflatedBytes } },
  }
}

export function unexamined(reason: UnexaminedReason): Findings {
  return { compression: 'none', contents: 'opaque', inflatedBytes: 0, unexamined: reason }
}
