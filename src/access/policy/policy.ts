import type { Destination } from '../../registry/destination.ts'
import type { Action } from '../identity.ts'

/** The policy file as it was read: who may push what, and where that goes. Frozen data; matching is done by the closures in it. */
export interface Policy {
  /** In the order of the file: the first that matches a repository takes it. */
  readonly destinations: readonly PolicyDestination[]
  readonly agents: readonly PolicyAgent[]
  readonly issuers: readonly PolicyIssuer[]
}

export interface PolicyDestination extends Destination {
  /** Whether it takes a repository, by the name that agents write. */
  readonly takes: (repository: string) => boolean
}

export interface Limits {
  /** Bodies that are received at once. */
  readonly uploads?: number
  readonly requestsPerSecond?: number
}

export interface PolicyAgent {
  readonly name: string
  /** SHA-256 of each token, 64 hexadecimal digits. */
  readonly tokenHashes: readonly string[]
  readonly grants: readonly PolicyGrant[]
  readonly limits: Limits
}

export interface PolicyGrant {
  readonly covers: (repository: string) => boolean
  readonly actions: ReadonlySet<Action>
}

export interface PolicyIssuer {
  readonly name: string
  /** Equal to the claim `iss`, byte for byte. */
  readonly issuer: string
  readonly audience: string
  /** Where its keys are; by discovery when all three are absent. */
  readonly jwksUri?: URL
  readonly jwksFile?: string
  /** Certificates of the authority that signs the key server's, in PEM. */
  readonly caFile?: string
  /** A token that is sent to the key server, read anew each time. */
  readonly tokenFile?: string
  readonly rules: readonly PolicyRule[]
}

export interface PolicyRule {
  readonly name: string
  /** Whether all claims of the rule are met. A claim that is missing, or no string, never is. */
  readonly matches: (claims: Readonly<Record<string, string>>) => boolean
  readonly grants: readonly PolicyGrant[]
  readonly limits: Limits
}
