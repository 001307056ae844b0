import { randomUUID } from 'node:crypto'
import type { SwitchBoard } from '../switches.ts'
import { createSeal } from './seal.ts'

/** The passwords of GetAuthorizationToken and the tokens that the token endpoint gives for them. A restart ends both. */
export interface RegistryTokens {
  readonly issuePassword: (nowMs: number) => { password: string; expiresAtMs: number }
  readonly issueToken: (nowMs: number) => string
  readonly acceptsPassword: (password: string, nowMs: number) => boolean
  /** A token, or what GetAuthorizationToken gave: the password, or its `authorizationToken` as it stands. */
  readonly acceptsBearer: (bearer: string, nowMs: number) => boolean
}

// ECR Public user guide, "Public registries": the authorization token is valid for 12 hours.
const passwordTtlMs = 12 * 3_600_000

export function createTokens(switches: SwitchBoard): RegistryTokens {
  const seal = createSeal()
  const issue = (kind: string, nowMs: number): string =>
    seal.close(kind, String(nowMs), randomUUID())
  const isFresh = (text: string, wanted: string, ttlMs: number, nowMs: number): boolean => {
    const [kind, issuedAtMs] = seal.open(text) ?? []
    return kind === wanted && nowMs - Number(issuedAtMs) < ttlMs
  }

  const acceptsPassword = (password: string, nowMs: number): boolean =>
    isFresh(password, 'password', passwordTtlMs, nowMs)

  return {
    issuePassword: (nowMs) => ({
      password: issue('password', nowMs),
      expiresAtMs: nowMs + passwordTtlMs,
    }),
    issueToken: (nowMs) => issue('token', nowMs),
    acceptsPassword,
    acceptsBearer: (bearer, nowMs) =>
      isFresh(bearer, 'token', switches.now().tokenTtlMs, nowMs) ||
      acceptsPassword(bearer, nowMs) ||
      acceptsPassword(passwordOf(bearer), nowMs),
  }
}

/** The password in the base64 of `AWS:<password>`; empty where it is none. */
export function passwordOf(base64: string): string {
  const [, password = ''] = /^AWS:(.+)$/.exec(Buffer.from(base64, 'base64').toString()) ?? []
  return password
}
