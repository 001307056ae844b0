/** What the inspection of a layer's contents can find wrong by itself. */
export type FlawCause = 'malformed_gzip' | 'malformed_zstd' | 'malformed_tar' | 'beyond_limits'

/** What can be wrong between a manifest and a layer that it names. */
export type ImageFaultCause =
  | FlawCause
  | 'not_a_layer'
  | 'wrong_media_type'
  | 'wrong_diff_id'
  | 'wrong_size'

/** Why the bytes that came do not have the digest that was announced, as far as they prove it. */
export type MismatchCause =
  | 'truncated'
  | 'trailing_bytes'
  | 'diff_id_given'
  | 'sent_uncompressed'
  | 'base64_body'
  | 'multipart_body'
  | 'content_encoded'
  | 'text_mangled'
  | 'other_layer'
  | 'bit_flips'
  | 'unknown'

/** Why a layer was refused. */
export type RefusalCause = 'empty' | MismatchCause | ImageFaultCause

/** What a build engineer can do about each. */
const advices: Readonly<Record<RefusalCause, string>> = {
  empty: 'Check that the file was written before it was sent.',
  truncated:
    'Send the whole file: look for a full disk, a crash or a timeout where it was written.',
  trailing_bytes: 'Send the file alone: something was appended to it after its digest was taken.',
  diff_id_given: 'Give the digest of the compressed file: this one is of what lies inside of it.',
  sent_uncompressed: 'Send the compressed file, or give the digest of the uncompressed one.',
  base64_body: 'Send the bytes of the layer as they are, not as base64.',
  multipart_body: 'Send the form under Content-Type: multipart/form-data, or the layer alone.',
  content_encoded: 'Send the bytes as they are: something compressed them on their way.',
  text_mangled: 'Send the file as binary: something converted it as if it were a text.',
  other_layer: 'Compare the file with the digest: these are the bytes of another layer.',
  bit_flips: 'Send it again; if it comes again, check memory, disk and network of the agent.',
  unknown: 'Compare the size with that of the file on the agent, and hash the file there.',
  malformed_gzip: 'Build the layer again and check it with layergate verify before it is pushed.',
  malformed_zstd: 'Build the layer again and check it with layergate verify before it is pushed.',
  malformed_tar: 'Build the layer again and check it with layergate verify before it is pushed.',
  beyond_limits: 'Make the layer smaller, or ask for larger limits of the inspection.',
  not_a_layer: 'Check what was pushed in place of the layer: it is no tar archive.',
  wrong_media_type: 'Name the layer by the media type of what it is, or compress it as it says.',
  wrong_diff_id: 'Build config and layers in one go: they are not of the same image.',
  wrong_size: 'Write the size of the blob as it was pushed into the manifest.',
}

export const refusalCauses: readonly RefusalCause[] = Object.keys(advices).filter(isRefusalCause)

/** What is only told while the inspection reports. A wrong digest is always refused. */
export const reportedCauses: readonly ImageFaultCause[] = [
  'malformed_gzip',
  'malformed_zstd',
  'malformed_tar',
  'beyond_limits',
  'not_a_layer',
  'wrong_media_type',
  'wrong_diff_id',
  'wrong_size',
]

export function isImageFaultCause(text: string): text is ImageFaultCause {
  return imageFaultCauses.has(text)
}

export function isRefusalCause(text: string): text is RefusalCause {
  return Object.hasOwn(advices, text)
}

const imageFaultCauses: ReadonlySet<string> = new Set(reportedCauses)

/** Why AWS answered InvalidLayerException to bytes that were verified here. */
export type UpstreamInvalidCause = 'in_transit' | 'unresolved' | 'spool_damaged'

export const upstreamInvalidCauses: readonly UpstreamInvalidCause[] = [
  'in_transit',
  'unresolved',
  'spool_damaged',
]

/** What the bytes prove: offsets and counts in bytes, and digests. */
export type Evidence = Readonly<Record<string, string | number>>

export interface Diagnosis {
  readonly cause: RefusalCause
  readonly evidence: Evidence
  readonly advice: string
}

export function diagnosis(cause: RefusalCause, evidence: Evidence): Diagnosis {
  return { cause, evidence, advice: advices[cause] }
}
