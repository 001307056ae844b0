import type { Diagnosis } from '../registry/diagnosis.ts'
import type { Digest } from '../registry/digest.ts'
import type { Findings } from '../registry/findings.ts'
import type { UploadId } from '../registry/upload-id.ts'
import type { SealedLayer } from './spool.ts'

/** Bytes that do not have the digest that was announced. */
export interface Mismatch {
  /** Mismatches of different agents wait for their diagnosis in turn. */
  readonly agent: string
  /** Still in the spool until the diagnosis is there, or was given up. */
  readonly id: UploadId
  readonly expected: Digest
  readonly received: SealedLayer
  readonly findings: Findings
  /** What the agent may know of the layer that it meant. */
  readonly known: KnownCopies
}

/** Nothing that the agent may not pull is in here: for it, that does not exist. */
export interface KnownCopies {
  /** Whether the good bytes of `expected` lie here, open for as long as the diagnosis takes. */
  readonly hasGoodCopy: boolean
  /** What was found in the layer `expected` when it was verified here. */
  readonly expectedFindings?: Findings
  /** Whether the bytes that came are another layer that was verified here. */
  readonly isOtherLayer: boolean
}

/** Looks into the bytes of layers. Nothing that it does fails an upload: whatever goes wrong is told as `unexamined` or `unknown`. */
export interface Inspector {
  /**
   * The upload has come so far, and may be looked at. Resolves once the inspection is not far behind.
   *
   * @throws the reason of `signal`
   */
  follow(id: UploadId, writtenBytes: number, signal: AbortSignal): Promise<void>
  /** All bytes of the upload are written. Resolves with what they are, `unexamined` where that would take too long. Never rejects. */
  inspect(id: UploadId, received: SealedLayer): Promise<Findings>
  /** What was looked at does not count: bytes were dropped, or the upload is over. */
  forget(id: UploadId): void
  /** Resolves with `unknown` where the bytes prove nothing, or nothing in time. Never rejects. */
  diagnose(mismatch: Mismatch): Promise<Diagnosis>
}
