import type { RefusalCause } from '../diagnosis.ts'
import type { Digest } from '../digest.ts'
import type { ErrorCode } from '../error-table.ts'
import type { UnexaminedReason } from '../findings.ts'
import type { Refusal } from '../refusal.ts'
import type { OfRepository } from './of-repository.ts'

export type Entry = 'raw' | 'multipart' | 'oci'
export const entries: readonly Entry[] = ['raw', 'multipart', 'oci']

export type UploadOutcome = 'verified' | 'refused' | 'aborted' | 'failed'

export interface UploadStarted extends OfRepository {
  readonly type: 'upload_started'
  readonly entry: Entry
  readonly requestId: string
  /** Of this request, where it says so before its body. */
  readonly announcedBytes?: number
  /** Asked by whoever looks on, since there is no event for each chunk. */
  readonly progress: () => UploadProgress
}

/** How far an upload has come within its request. */
export interface UploadProgress {
  readonly receivedBytes: number
  readonly expected?: string
  /**
   * - `receiving`: bytes come, or are waited for
   * - `checking`: all of them came
   * - `ended`: so did the request's part in the upload; told before the event that says so
   */
  readonly phase: 'receiving' | 'checking' | 'ended'
}

export interface UploadEnded extends OfRepository {
  readonly type: 'upload_ended'
  readonly entry: Entry
  /** `unsettled`: the request has ended, and the upload may go on with another. */
  readonly outcome: UploadOutcome | 'unsettled'
  readonly requestId: string
  /** What came in this request. */
  readonly sizeBytes: number
  /** Of the whole layer, where it was verified. */
  readonly layerSizeBytes?: number
  /** Since the upload began, in whatever request that was. */
  readonly seconds: number
  /** Of this request, from when its body was read until all of it was durable, or it failed. Absent where there was none. */
  readonly receiveSeconds?: number
  /** From the last byte to the verdict, the record of what is owed included. Absent where not all of the layer was there. */
  readonly verifySeconds?: number
  readonly expected?: string
  readonly actual?: string
  readonly error?: ErrorCode
  /** Why it was refused, where that is known by now. */
  readonly cause?: RefusalCause
}

/**
 * A layer was found to be invalid, and it is known by now why. Once for each time. `refused`: nothing was sent. `reported`: it passed,
 * since the inspection is only to report.
 */
export interface LayerInvalid extends Refusal {
  readonly type: 'layer_invalid'
  readonly stage: 'refused' | 'reported'
}

/** A layer was accepted without its contents being known. */
export interface LayerUnexamined extends OfRepository {
  readonly type: 'layer_unexamined'
  readonly digest: Digest
  readonly reason: UnexaminedReason
}
