import type { RefusalCause, UpstreamInvalidCause } from './diagnosis.ts'
import type { Digest } from './digest.ts'
import type { ErrorCode } from './error-table.ts'
import type { UnexaminedReason } from './findings.ts'
import type { Refusal } from './refusal.ts'

export type Entry = 'raw' | 'multipart' | 'oci'
export const entries: readonly Entry[] = ['raw', 'multipart', 'oci']

export type UploadOutcome = 'verified' | 'refused' | 'aborted' | 'failed'
export type ForwardOutcome = 'forwarded' | 'already_present' | 'parked'
/**
 * - `published`: every tag names it now, or did before a newer manifest was put there
 * - `superseded`: put by digest alone, since newer manifests had moved every tag
 * - `refused`: the manifest, or what it names, was at fault
 * - `failed`: the fault was ours or AWS's
 * - `aborted`: nobody waited any more, or the service stopped
 */
export type ManifestOutcome = 'published' | 'superseded' | 'refused' | 'failed' | 'aborted'
export type CredentialsOutcome = 'refreshed' | 'failed'

interface OfRepository {
  readonly repository: string
  readonly agent: string
}

/** A repository was authorised for the first request that names it, before its body is read. */
export interface RepositorySeen {
  readonly type: 'repository_seen'
  readonly repository: string
}

/** The policy let a request at a repository. Once for each request and repository, before its body is read. */
export interface RequestAuthorised extends OfRepository {
  readonly type: 'request_authorised'
  readonly requestId: string
  readonly action: 'pull' | 'push'
  /** What of the policy decided. */
  readonly rule: string
  /** Who the agent is for its issuer, where there is one. */
  readonly subject?: string
  readonly remoteAddress: string
}

/** Why a request can be refused for who sent it. */
export type AuthFailure = Extract<
  ErrorCode,
  | 'credentials_missing'
  | 'credentials_invalid'
  | 'scope_insufficient'
  | 'issuer_unavailable'
  | 'repository_denied'
  | 'observe_denied'
>
export const authFailures: readonly AuthFailure[] = [
  'credentials_missing',
  'credentials_invalid',
  'scope_insufficient',
  'issuer_unavailable',
  'repository_denied',
  'observe_denied',
]

/** A request was refused for who sent it. */
export interface RequestDenied {
  readonly type: 'request_denied'
  readonly requestId: string
  /** Absent where the credentials prove nobody. */
  readonly agent?: string
  readonly code: AuthFailure
  readonly detail: string
  readonly remoteAddress: string
}

/** Somebody traded credentials for a token of ours. */
export interface TokenTraded {
  readonly type: 'token_traded'
  readonly requestId: string
  readonly agent: string
  readonly subject?: string
  /** `jti` of what was given. */
  readonly tokenId: string
  /** `jti` of what it was given for, where that has one. */
  readonly tradedTokenId?: string
  /** `refresh`: a refresh token came with it. */
  readonly gave: 'access' | 'refresh'
  /** What the policy allowed of what was asked for: `repository:team/app:pull,push`. */
  readonly granted: readonly string[]
  /** Claims that find the CI run, or the pod. */
  readonly run?: Readonly<Record<string, string>>
  readonly remoteAddress: string
}

/** The policy file was read. Failed: the one before stays in force. */
export interface PolicyLoaded {
  readonly type: 'policy_loaded'
  readonly outcome: 'loaded' | 'failed'
  /** Of the file's bytes, where they could be read. */
  readonly digest?: string
  /** What is wrong with it, one sentence each. */
  readonly problems: readonly string[]
  /** The names of those that it has; none where it failed. */
  readonly destinations: readonly string[]
}

/** A repository was created for who may push to it. */
export interface RepositoryCreated extends OfRepository {
  readonly type: 'repository_created'
  readonly destination: string
  /** Of the push that it was created for, where one waits. */
  readonly requestId?: string
}

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

/** Of one try to forward a layer. */
interface OfFlight extends OfRepository {
  readonly flightId: string
  /** Of the request that the layer was recorded for, as long as that is remembered. */
  readonly requestId?: string
}

/** AWS answered InvalidLayerException, and it is known by now why. Once for each layer. */
export interface LayerInvalidUpstream extends OfFlight {
  readonly type: 'layer_invalid_upstream'
  readonly digest: Digest
  readonly cause: UpstreamInvalidCause
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

/** One flight of a manifest, however many requests waited for it. The agent and the request are those that came first. */
export interface ManifestEnded extends OfRepository {
  readonly type: 'manifest_ended'
  readonly digest: Digest
  readonly tags: readonly string[]
  readonly outcome: ManifestOutcome
  /** How much of the time went by until ECR had all layers. */
  readonly waitSeconds: number
  readonly seconds: number
  readonly requestId: string
  readonly error?: ErrorCode
  readonly detail?: string
  /** What was thrown, for the log. */
  readonly thrown?: unknown
}

/** What a call to AWS is made for, where it is known. */
interface OfCaller {
  /** Of ours, not of AWS. */
  readonly requestId?: string
  /** Of the flight that it is part of. */
  readonly flightId?: string
}

/** One attempt of one call to AWS. */
export interface UpstreamCalled extends OfCaller {
  readonly type: 'upstream_called'
  readonly destination: string
  /** As the registry calls it. */
  readonly repository: string
  readonly agent: string
  /** Of what the call makes the registry have. */
  readonly digest?: Digest
  readonly operation: string
  /** `success`, or the name of the exception as AWS spells it. */
  readonly outcome: string
  /** From when it was sent. */
  readonly seconds: number
  /** Before it was sent, in our limiter. */
  readonly waitedSeconds: number
  readonly sentLayerBytes: number
  /** AWS's id of the request, not ours. */
  readonly upstreamRequestId?: string
}

/** An account of AWS did not answer call after call: until one goes through, it is only probed. */
export interface UpstreamPaused {
  readonly type: 'upstream_paused'
  readonly destination: string
  /** What the last call came to, as AWS or the network names it. */
  readonly exception: string
}

/** A probe went through. */
export interface UpstreamResumed {
  readonly type: 'upstream_resumed'
  readonly destination: string
  readonly pausedSeconds: number
}

export interface UpstreamRetried extends OfCaller {
  readonly type: 'upstream_retried'
  readonly destination: string
  readonly operation: string
  readonly reason: string
  /** What the failed attempt was answered, as AWS or the network names it. */
  readonly exception: string
  /** AWS's id of the failed attempt. */
  readonly upstreamRequestId?: string
  readonly attempt: number
  readonly waitMs: number
}

/** Credentials that AWS no longer took were fetched anew, or could not be. */
export interface CredentialsRefreshed {
  readonly type: 'credentials_refreshed'
  readonly destination: string
  readonly outcome: CredentialsOutcome
}

/** The headers of an HTTP request have come. */
export interface RequestStarted {
  readonly type: 'request_started'
  readonly requestId: string
  /** Of this request and its answer alone: clients choose the ids of their requests, and may repeat them. */
  readonly exchangeId: string
  /** The operationId of the route in `openapi.yaml`. */
  readonly operation: string
  readonly method: string
  /** As it was given (https://www.w3.org/TR/trace-context/). */
  readonly traceparent?: string
  readonly tracestate?: string
}

/** One HTTP request was answered, or its client left. */
export interface RequestEnded {
  readonly type: 'request_ended'
  readonly requestId: string
  /** As in `request_started`. */
  readonly exchangeId: string
  /** The operationId of the route in `openapi.yaml`. */
  readonly operation: string
  /** 499 when the client left first. */
  readonly status: number
  readonly seconds: number
}

export type LayergateEvent =
  | RequestStarted
  | RequestEnded
  | RepositorySeen
  | RequestAuthorised
  | RequestDenied
  | TokenTraded
  | PolicyLoaded
  | RepositoryCreated
  | UploadStarted
  | UploadEnded
  | LayerInvalid
  | LayerUnexamined
  | LayerInvalidUpstream
  | ForwardStarted
  | ForwardEnded
  | ForwardGivenUp
  | ForwardOrdered
  | ForwardJoined
  | BlobMounted
  | ManifestEnded
  | UpstreamCalled
  | UpstreamPaused
  | UpstreamResumed
  | UpstreamRetried
  | CredentialsRefreshed

/** Metrics, logs and whatever else looks on are projections of these events. Must not throw. */
export interface Observer {
  observe(event: LayergateEvent): void
}
