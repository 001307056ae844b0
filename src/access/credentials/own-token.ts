import type { JWTPayload } from 'jose'
import type { Identity, RepositoryAction, Scope } from '../identity.ts'
import { isObject } from './unverified-jwt.ts'

/** For whom a token of ours speaks. */
export interface Holder {
  readonly identity: Identity
  /** Of the static token that it was traded for: when the policy drops that, what came of it is worth nothing any more. */
  readonly mark?: string
}

/**
 * - `access`: for requests, within its scope; cannot be traded
 * - `refresh`: a login; can be traded for access tokens, and stands for the whole identity
 */
export type Purpose = 'access' | 'refresh'

export interface OwnToken extends Holder {
  readonly purpose: Purpose
  /** `jti` */
  readonly id: string
  /** Of access tokens. */
  readonly scope?: Scope
}

/** What is in a token that we signed; `undefined` where another version wrote it, and it looks otherwise. */
export function contentOf(payload: JWTPayload): OwnToken | undefined {
  const { jti, purpose, mark, scope: written } = payload
  const identity = identityIn(payload['identity'])
  if (jti === undefined || !identity) return undefined
  const holder = { identity, id: jti, ...(typeof mark === 'string' && { mark }) }
  if (purpose === 'refresh') return { ...holder, purpose }
  const scope = scopeIn(written)
  return purpose === 'access' && scope ? { ...holder, purpose, scope } : undefined
}

function identityIn(value: unknown): Identity | undefined {
  if (!isObject(value)) return undefined
  const { kind, name, issuer, subject, claims } = value
  if (kind === 'agent' && typeof name === 'string') return { kind, name }
  if (kind !== 'workload' || typeof issuer !== 'string' || typeof subject !== 'string') {
    return undefined
  }
  return areStrings(claims) ? { kind, issuer, subject, claims } : undefined
}

function areStrings(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((member) => typeof member === 'string')
}

function scopeIn(value: unknown): Scope | undefined {
  if (!Array.isArray(value)) return undefined
  const entries = value.filter(isScopeEntry)
  return entries.length === value.length
    ? new Map(entries.map(([name, actions]) => [name, new Set(actions)]))
    : undefined
}

function isScopeEntry(value: unknown): value is [string, RepositoryAction[]] {
  if (!Array.isArray(value)) return false
  const [name, actions]: unknown[] = value
  return (
    typeof name === 'string' &&
    Array.isArray(actions) &&
    actions.every((action) => action === 'pull' || action === 'push')
  )
}
