import type { OfRepository } from './of-repository.ts'

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
