import type { Call } from './call.ts'
import type { Caller, Identities } from './identities.ts'
import { claimedAccessKeyId, expiredToken, unknownToken, verifySignature } from './signature.ts'

interface Signing {
  readonly service: 'ecr-public' | 'sts'
  readonly region: string
  readonly bodySha256: string
}

/** Says who signed a call, and notes the role. @throws ApiException those of `verifySignature` */
export type Authenticate = (call: Call, signing: Signing) => Caller

export function createAuthenticate(identities: Identities): Authenticate {
  const credentialsOf = (accessKeyId: string) => identities.find(accessKeyId)?.credentials

  return ({ request, faults, nowMs, note }, { service, region, bodySha256 }) => {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
    const { method = '', headersDistinct: headers } = request
    const claimed = claimedAccessKeyId(request.headers.authorization)
    const roleArn = identities.roleArnOf(claimed ?? '')
    if (roleArn !== undefined) note({ roleArn })
    const accessKeyId = verifySignature(
      { method, path, query, headers, bodySha256 },
      { service, region, nowMs, credentialsOf },
    )
    const isExpired = faults
      .all('expired-credentials')
      .some((fault) => (fault.accessKeyId ?? accessKeyId) === accessKeyId)
    if (isExpired) throw expiredToken()
    const identity = identities.find(accessKeyId)
    if (!identity) throw unknownToken()
    return identity.caller
  }
}
