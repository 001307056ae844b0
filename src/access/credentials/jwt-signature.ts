import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose'
import type { KeySet } from './key-set.ts'
import type { KeySource } from './key-source.ts'
import type { UnverifiedJwt } from './unverified-jwt.ts'

/**
 * What a token says, once its signature and all that is demanded of it hold. A key that nobody knows may be a new one. So may any, where
 * keys have no names.
 *
 * @throws KeysUnavailable; whatever jose has against the token
 */
export async function signedPayload(
  token: string,
  source: KeySource,
  options: JWTVerifyOptions,
  header: UnverifiedJwt['header'],
): Promise<JWTPayload> {
  const keys = await source.current()
  try {
    return await checked(token, keys, options)
  } catch (error) {
    const isUnknownKey =
      error instanceof errors.JWKSNoMatchingKey ||
      (error instanceof errors.JWSSignatureVerificationFailed && header['kid'] === undefined)
    const renewed = isUnknownKey && (await source.renewed(keys))
    if (!renewed) throw error
    return checked(token, renewed, options)
  }
}

/** Where several keys fit, each is tried. */
async function checked(
  token: string,
  keys: KeySet,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (inner) {
        if (!(inner instanceof errors.JWSSignatureVerificationFailed)) throw inner
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

/** Why a token was refused, without a value of the token: it may go anywhere that errors go. */
export function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) {
    return error.claim === 'iat' ? 'It was issued more than 24 h ago.' : 'It has expired.'
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === 'missing'
      ? `It has no claim ${error.claim}.`
      : `Its claim ${error.claim} is not what is expected here.`
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'Its algorithm is not accepted.'
  if (error instanceof errors.JWKSNoMatchingKey) return 'The issuer has no such key.'
  return 'Its signature is not that of the issuer.'
}
