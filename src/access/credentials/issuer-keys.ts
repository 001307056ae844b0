import { readFile } from 'node:fs/promises'
import type { PolicyIssuer } from '../policy/policy.ts'
import { fetchJson, type KeyServerAccess } from './key-server.ts'
import { type KeySet, parseKeySet } from './key-set.ts'
import { createKeySource, type KeySource, type KeyTimes } from './key-source.ts'
import { isObject } from './unverified-jwt.ts'

const minuteMs = 60_000
const serverTimes: KeyTimes = {
  freshMs: 10 * minuteMs,
  coolDownMs: minuteMs / 2,
  keptMs: 24 * 60 * minuteMs,
}
/** A file is cheap to look at. */
const fileTimes: KeyTimes = { ...serverTimes, freshMs: 1000, coolDownMs: 1000 }
const serverTimeoutMs = 5_000

export interface IssuerKeyParts {
  readonly now: () => Date
  /** Of each attempt to get keys that failed, by the issuer's name. Must not throw. */
  readonly onFailure: (issuer: string, error: unknown) => void
  readonly timeoutMs?: number
}

/** Where the policy says that the keys of an issuer are; never where a token says so. */
export function issuerKeys(issuer: PolicyIssuer, parts: IssuerKeyParts): KeySource {
  const { now, onFailure, timeoutMs = serverTimeoutMs } = parts
  const { jwksFile } = issuer
  return createKeySource({
    load: jwksFile === undefined ? () => fromServer(issuer, timeoutMs) : () => fromFile(jwksFile),
    times: jwksFile === undefined ? serverTimes : fileTimes,
    now,
    onFailure: (error) => onFailure(issuer.name, error),
  })
}

async function fromFile(path: string): Promise<KeySet> {
  const text = await readFile(path, 'utf8')
  try {
    return parseKeySet(JSON.parse(text))
  } catch {
    // Without what JSON.parse says, which quotes the file: it may be another one, with a secret.
    throw new Error(`${path} is no JSON with keys.`)
  }
}

async function fromServer(issuer: PolicyIssuer, timeoutMs: number): Promise<KeySet> {
  const { jwksUri, caFile, tokenFile } = issuer
  const server = { timeoutMs, ...(caFile !== undefined && { caFile }) }
  const withToken = { ...server, ...(tokenFile !== undefined && { tokenFile }) }
  if (jwksUri) return parseKeySet(await fetchJson(jwksUri, withToken))
  const discovery = discoveryOf(issuer.issuer)
  const found = await discover(discovery, issuer.issuer, withToken)
  // The token is for the server that the policy names, and for no other.
  const isSameServer = found.origin === discovery.origin
  return parseKeySet(await fetchJson(found, isSameServer ? withToken : server))
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest */
function discoveryOf(issuer: string): URL {
  return new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
}

async function discover(url: URL, issuer: string, server: KeyServerAccess): Promise<URL> {
  const found = await fetchJson(url, server)
  if (!isObject(found) || found['issuer'] !== issuer) {
    throw new Error(`${url.href} speaks for another issuer.`)
  }
  const keys = typeof found['jwks_uri'] === 'string' ? URL.parse(found['jwks_uri']) : null
  if (!keys) throw new Error(`${url.href} does not say where the keys are.`)
  return keys
}
