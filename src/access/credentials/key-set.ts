import { createLocalJWKSet, type JSONWebKeySet, type JWK, type LocalJWKSet } from 'jose'
import { isObject } from './unverified-jwt.ts'

/** Finds the keys that fit a token. */
export type KeySet = LocalJWKSet

/** Each may have to be tried. */
const maxKeys = 100
const kinds: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP'])

/**
 * https://www.rfc-editor.org/rfc/rfc7517#section-5. Keys of other kinds are left out: a secret in such a file is no key of an issuer.
 *
 * @throws Error
 */
export function parseKeySet(value: unknown): KeySet {
  if (!isKeySet(value)) throw new Error('This is no set of JSON web keys.')
  const keys = value.keys.filter((key) => kinds.has(key.kty))
  if (keys.length === 0) throw new Error('The set has no public key.')
  if (keys.length > maxKeys) throw new Error(`The set has more than ${maxKeys} keys.`)
  return createLocalJWKSet({ keys })
}

function isKeySet(value: unknown): value is JSONWebKeySet & { keys: JWK[] } {
  return isObject(value) && Array.isArray(value['keys']) && value['keys'].every(isObject)
}
