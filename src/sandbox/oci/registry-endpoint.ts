import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Accounts } from '../accounts.ts'
import type { Call, RunCall } from '../call.ts'
import type { CallRecord } from '../call-log.ts'
import { damageRead, withFaults } from '../fault-effects.ts'
import type { LayerBytes } from '../layer-bytes.ts'
import type { Throttle } from '../quotas.ts'
import type { SwitchBoard } from '../switches.ts'
import { type Answer, jsonAnswer } from '../wire.ts'
import { createAuthentication } from './authentication.ts'
import { blobPrefix, createBlobs } from './blobs.ts'
import { errorsAnswer, ociError, originOf } from './errors.ts'
import { createReads } from './reads.ts'
import { parseTarget, targetMembers } from './target.ts'
import type { RegistryTokens } from './tokens.ts'

export interface RegistryParts {
  readonly runCall: RunCall
  readonly tokens: RegistryTokens
  readonly accounts: Accounts
  readonly bytes: LayerBytes
  readonly throttle: Throttle
  readonly switches: SwitchBoard
}

interface Asked {
  readonly operation: string
  readonly members?: Partial<CallRecord>
}

/** What public.ecr.aws answers to who reads: `/v2/`, its token endpoint, and the bytes to which it redirects. */
export function createRegistryEndpoint(parts: RegistryParts) {
  const { runCall, tokens, throttle, switches } = parts
  const { requireToken, requirePassword } = createAuthentication(tokens, switches)
  const blobs = createBlobs(parts.bytes, switches)
  const reads = createReads(parts.accounts, blobs, switches)

  const run = (
    request: IncomingMessage,
    response: ServerResponse,
    { operation, members = {} }: Asked,
    answerTo: (call: Call) => Answer,
  ): Promise<void> => {
    const answer = (call: Call): Answer => {
      if (!throttle.admit(operation, switches.now().quotas)) {
        throw ociError('TOOMANYREQUESTS', 'Rate exceeded')
      }
      return damageRead(call.faults, answerTo(call))
    }
    return runCall(
      { operation, request, response, members },
      {
        carryOut: (call) => withFaults(call, () => answer(call)),
        refuse: (exception) => errorsAnswer(exception, originOf(request)),
      },
    )
  }

  return {
    /** `/v2/`: layers and images are pushed through the JSON API, so this only reads. */
    registry: (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const target = parseTarget(request.method ?? '', request.url ?? '')
      const { operation } = target
      response.setHeader('docker-distribution-api-version', 'registry/2.0')
      return run(request, response, { operation, members: targetMembers(target) }, (call) => {
        requireToken(call)
        requireReading(request)
        if (operation !== 'Unknown') return reads[operation](target, request)
        throw ociError('NAME_UNKNOWN', 'There is nothing at this path')
      })
    },

    /** `/token/`. Service and scope are whatever the client says: ECR Public has one scope, `aws`. */
    token: (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      run(request, response, { operation: 'GetToken' }, (call) => {
        requireReading(request)
        requirePassword(call)
        const { tokenExpiresIn, tokenTtlMs } = switches.now()
        const life = tokenExpiresIn === 'present' ? { expires_in: tokenTtlMs / 1000 } : {}
        return jsonAnswer(200, { token: tokens.issueToken(call.nowMs), ...life })
      }),

    /** What a redirect of GetBlob leads to. */
    blobContent: (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      run(request, response, { operation: 'GetBlobContent' }, () => {
        requireReading(request)
        return blobs.content((request.url ?? '').slice(blobPrefix.length), request)
      }),
  }
}

function requireReading({ method }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return
  throw ociError('UNSUPPORTED', 'The sandbox takes pushes through the JSON API')
}
