import type { Call } from '../call.ts'
import type { ApiException } from '../exceptions.ts'
import type { SwitchBoard } from '../switches.ts'
import { ociError } from './errors.ts'
import { passwordOf, type RegistryTokens } from './tokens.ts'

export interface Authentication {
  /** What `/v2/` wants: a bearer token, an anonymous one included. @throws ApiException UNAUTHORIZED, DENIED */
  readonly requireToken: (call: Call) => void
  /** What the token endpoint wants: nothing, or user AWS with a password. @throws ApiException DENIED */
  readonly requirePassword: (call: Call) => void
}

export function createAuthentication(
  tokens: RegistryTokens,
  switches: SwitchBoard,
): Authentication {
  // The message and the code are those of oras-project/oras-go#1227.
  const refused = (): ApiException => {
    const { refusedTokenStatus: status } = switches.now()
    const code = status === 401 ? 'UNAUTHORIZED' : 'DENIED'
    return ociError(code, 'Your Authorization Token is invalid.', status)
  }

  return {
    requireToken: (call) => {
      const [scheme, bearer] = credentialsOf(call)
      // Basic credentials count as none here (kreuzwerker/terraform-provider-docker#666).
      if (scheme !== 'bearer') throw ociError('UNAUTHORIZED', 'Not Authorized')
      if (isExpiredByFault(call) || !tokens.acceptsBearer(bearer, call.nowMs)) throw refused()
    },
    requirePassword: (call) => {
      const [scheme, basic] = credentialsOf(call)
      if (scheme === '') return
      const password = scheme === 'basic' ? passwordOf(basic) : ''
      if (isExpiredByFault(call) || !tokens.acceptsPassword(password, call.nowMs)) throw refused()
    },
  }
}

function credentialsOf({ request }: Call): readonly [scheme: string, credentials: string] {
  const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ')
  return [scheme.toLowerCase(), credentials]
}

const isExpiredByFault = ({ faults }: Call): boolean =>
  faults.all('expired-credentials').some(({ accessKeyId }) => accessKeyId === undefined)
