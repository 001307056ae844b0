import type { Proof } from '../identity.ts'
import { tokenIn } from './authorization-header.ts'
import { type CheckTokenPorts, createCheckToken } from './check-token.ts'

/**
 * Finds out whom the header `Authorization` proves: `Bearer` with a token, or `Basic` with a token as its password, whatever the user name
 * says. A token is a static one of an agent, one of an issuer of the policy, or one of ours.
 *
 * @throws LayergateError `credentials_missing`, `credentials_invalid`, and `issuer_unavailable` where the keys of an issuer cannot be had
 */
export type Authenticate = (authorization: string | undefined) => Promise<Proof>

export function createAuthenticate(ports: CheckTokenPorts): Authenticate {
  const checkToken = createCheckToken(ports)
  return async (authorization) => checkToken(tokenIn(authorization))
}
