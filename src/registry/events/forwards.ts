import type { UpstreamInvalidCause } from '../diagnosis.ts'
import type { Digest } from '../digest.ts'
import type { ErrorCode } from '../error-table.ts'
import type { OfRepository } from './of-repository.ts'

export type ForwardOutcome = 'forwarded' | 'already_present' | 'parked'

/** Of one try to forward a layer. */
interface OfFlight extends OfRepository {
  readonly flightId: string
  /** Of the request that the layer was recorded for, as long as that is remembered. */
  readonly requestId?: string
}

export interface ForwardStarted extends OfFlight {
  readonly type: 'forward_started'
  readonly digest: Digest
  readonly sizeBytes: number
}

export interface ForwardEnded extends OfFlight {
  readonly type: 'forward_ended'
  readonly digest: Digest
  readonly sizeBytes: number
  /**
   * `parked` for the first time, `still_parked` from then on. `postponed`: still owed, tried again later. `released`: still
   * owed, the service stops.
   */
  readonly outcome: ForwardOutcome | 'still_parked' | 'postponed' | 'released'
  readonly seconds: number
  readonly parts: number
  readonly attempts: number
  readonly error?: ErrorCode
  readonly detail?: string
  /** What was thrown, for the log. */
  readonly thrown?: unknown
}

/** AWS answered InvalidLayerException, and it is known by now why. Once for each layer. */
export interface LayerInvalidUpstream extends OfFlight {
  readonly type: 'layer_invalid_upstream'
  readonly digest: Digest
  readonly cause: UpstreamInvalidCause
}

/** A forward was tried for too long: it is not tried again by itself, and its layer may be evicted. Follows on `forward_ended`. */
export interface ForwardGivenUp extends OfFlight {
  readonly type: 'forward_given_up'
  readonly digest: Digest
  readonly sizeBytes: number
  readonly error: ErrorCode
  readonly detail: string
}

/** An operator had a forward tried again, or dropped. */
export interface ForwardOrdered extends OfRepository {
  readonly type: 'forward_ordered'
  readonly registry: string
  readonly order: 'retry' | 'drop'
  readonly digest: Digest
  readonly sizeBytes: number
}

/** A layer that came again was on its way upstream already, to the same repository. */
export interface ForwardJoined extends OfRepository {
  readonly type: 'forward_joined'
  readonly digest: Digest
  readonly sizeBytes: number
  /** Of the request that it came with. */
  readonly requestId?: string
}

/** A layer that lies here was recorded as owed to one more repository, without a byte from the client. */
export interface BlobMounted extends OfRepository {
  readonly type: 'blob_mounted'
  readonly digest: Digest
  readonly sizeBytes: number
  readonly requestId: string
}
