import type { Digest } from '../digest.ts'

export type CredentialsOutcome = 'refreshed' | 'failed'

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
  /** As agents write it, where that is something else. */
  readonly agentRepository?: string
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
