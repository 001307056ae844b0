/** Why the bytes of a layer were refused, as far as the bytes themselves prove it. */
export type RefusalCause = 'empty' | 'unknown'

export const refusalCauses: readonly RefusalCause[] = ['empty', 'unknown']

/** Why AWS answered InvalidLayerException to bytes that were verified here. */
export type UpstreamInvalidCause = 'in_transit' | 'unresolved' | 'spool_damaged'

export const upstreamInvalidCauses: readonly UpstreamInvalidCause[] = [
  'in_transit',
  'unresolved',
  'spool_damaged',
]

export interface Diagnosis {
  readonly cause: RefusalCause
  readonly evidence: Readonly<Record<string, string | number>>
  readonly advice: string
}
