import type { PolicyLoaded, RepositoryCreated, TokenTraded } from './events/access.ts'
import type {
  BlobMounted,
  ForwardEnded,
  ForwardGivenUp,
  ForwardJoined,
  ForwardOrdered,
  ForwardStarted,
  LayerInvalidUpstream,
} from './events/forwards.ts'
import type { ManifestEnded } from './events/manifests.ts'
import type {
  RepositorySeen,
  RequestAuthorised,
  RequestDenied,
  RequestEnded,
  RequestStarted,
} from './events/requests.ts'
import type { LayerInvalid, LayerUnexamined, UploadEnded, UploadStarted } from './events/uploads.ts'
import type {
  CredentialsRefreshed,
  UpstreamCalled,
  UpstreamPaused,
  UpstreamResumed,
  UpstreamRetried,
} from './events/upstream-calls.ts'

export * from './events/access.ts'
export * from './events/forwards.ts'
export * from './events/manifests.ts'
export * from './events/requests.ts'
export * from './events/uploads.ts'
export * from './events/upstream-calls.ts'

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
