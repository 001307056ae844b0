/** Who sent a request, as the credentials prove it. What that allows is up to the policy, which is asked each time. */
export type Identity = AgentIdentity | WorkloadIdentity

/** An agent that the policy names, by a token of its own. */
export interface AgentIdentity {
  readonly kind: 'agent'
  /** As the policy names it. */
  readonly name: string
}

/** A run of a CI system, or a pod, by the token of an issuer that the policy names. */
export interface WorkloadIdentity {
  readonly kind: 'workload'
  /** As the policy names it. */
  readonly issuer: string
  /** The claim `sub`. */
  readonly subject: string
  /** The claims that are strings. Rules are held against these, and against nothing else. */
  readonly claims: Readonly<Record<string, string>>
}

export type RepositoryAction = 'pull' | 'push'
/** `observe` opens `/metrics`, `/`, and the names of other agents. Pushing includes pulling. */
export type Action = RepositoryAction | 'observe'

/** What a token was asked for: each repository with the actions. Others are not covered, whatever the policy says. */
export type Scope = ReadonlyMap<string, ReadonlySet<RepositoryAction>>

/** What the credentials of one request prove. */
export interface Proof {
  readonly identity: Identity
  /** Of a token of ours; with other credentials nothing limits the identity but the policy. */
  readonly scope?: Scope
  /** `jti` of the token, where it has one: for the audit log. Never a secret. */
  readonly tokenId?: string
}
