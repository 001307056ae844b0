import type { Diagnosis } from '../../registry/diagnosis.ts'
import type { Digest } from '../../registry/digest.ts'
import type { Findings } from '../../registry/findings.ts'
import type { UploadId } from '../../registry/upload-id.ts'
import type { InspectionLimits } from '../limits.ts'

/** What a thread is started with. */
export interface ThreadSettings {
  readonly limits: InspectionLimits
}

/** What is asked of a thread. `call` names the answer. */
export type Request =
  | { readonly type: 'follow'; readonly id: UploadId; readonly path: string }
  | {
      readonly type: 'inspect'
      readonly call: number
      readonly id: UploadId
      readonly path: string
      readonly sizeBytes: number
    }
  | { readonly type: 'forget'; readonly id: UploadId }
  | { readonly type: 'diagnose'; readonly call: number; readonly mismatch: MismatchFiles }

/** A mismatch, by the files in which its bytes lie. */
export interface MismatchFiles {
  readonly agent: string
  readonly path: string
  readonly received: { readonly digest: Digest; readonly sizeBytes: number }
  readonly expected: Digest
  readonly findings: Findings
  readonly goodCopyPath?: string
  readonly expectedFindings?: Findings
  readonly isOtherLayer: boolean
  /** From when its turn has come. */
  readonly timeLimitMs: number
}

export type Reply =
  /** The inspection has come so far; `Infinity` where it does not follow, or needs no more. */
  | { readonly type: 'progress'; readonly id: UploadId; readonly positionBytes: number }
  | { readonly type: 'findings'; readonly call: number; readonly findings: Findings }
  | { readonly type: 'diagnosis'; readonly call: number; readonly diagnosis: Diagnosis }
  /** It could not be done. */
  | { readonly type: 'failed'; readonly call: number; readonly error: Error }
