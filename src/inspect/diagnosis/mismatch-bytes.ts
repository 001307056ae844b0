import type { SealedLayer } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import type { Findings } from '../../registry/findings.ts'
import type { ByteFile } from '../byte-file.ts'

/** Bytes that do not have the digest that was announced, and what the agent may know of the layer that it meant. */
export interface MismatchBytes {
  /** What came. */
  readonly file: ByteFile
  /** Digest and size of what came. */
  readonly received: SealedLayer
  readonly expected: Digest
  /** Of what came. */
  readonly findings: Findings
  /** The bytes that do have the digest `expected`, where the agent may pull them. */
  readonly goodCopy?: ByteFile
  /** What was found in `expected` when it was verified here earlier. */
  readonly expectedFindings?: Findings
  /** Whether the bytes that came are another layer that was verified here, and that the agent may pull. */
  readonly isOtherLayer: boolean
}
