import type { ErrorCode } from '../error-table.ts'
import type { OfRepository } from './of-repository.ts'

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
