import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import type { Call, Outcome, RunCall } from './call.ts'
import { bodyMembers, type CallRecord } from './call-log.ts'
import { ApiException, exception } from './exceptions.ts'
import { damageInput, damageOutput, withFaults } from './fault-effects.ts'
import { isOperationName, unsupportedOperations } from './inputs.ts'
import { invoke, type Operations } from './operations.ts'
import type { Throttle } from './quotas.ts'
import { claimedAccessKeyId, expiredToken, type Verifier, verifySignature } from './signature.ts'
import type { SwitchBoard } from './switches.ts'
import { exceptionAnswer, outputAnswer } from './wire.ts'

export interface ApiParts {
  readonly runCall: RunCall
  readonly operations: Operations
  readonly throttle: Throttle
  readonly switches: SwitchBoard
  readonly credentials: Verifier['credentials']
}

const targetPrefix = 'SpencerFrontendService.'

/** The JSON API (awsJson1_1): one POST per operation. */
export function createApi(parts: ApiParts) {
  const { runCall, operations, throttle, switches } = parts

  const carryOut = async (call: Call): Promise<Outcome> => {
    const { request, faults } = call
    const resetAt = faults.of('reset-mid-body')?.afterBytes ?? Infinity
    const body = await readBody(request, (bytes) => bytes < resetAt)
    if (!body) return 'reset'
    const json = parseJson(body.bytes)
    call.note(bodyMembers(json))
    return withFaults(call, async () => {
      authenticate(call, body.sha256)
      return outputAnswer(damageOutput(faults, await outputOf(call, json)))
    })
  }

  const authenticate = ({ request, faults, nowMs }: Call, bodySha256: string): void => {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
    const { method = '', headersDistinct: headers } = request
    const { region } = switches.now()
    verifySignature(
      { method, path, query, headers, bodySha256 },
      { region, nowMs, credentials: parts.credentials },
    )
    const claimed = claimedAccessKeyId(request.headers.authorization)
    const isExpired = faults
      .all('expired-credentials')
      .some(({ accessKeyId = claimed }) => accessKeyId === claimed)
    if (isExpired) throw expiredToken()
  }

  const outputOf = async ({ operation, faults }: Call, json: unknown): Promise<object> => {
    if (unsupportedOperations.has(operation)) {
      throw exception('UnsupportedCommandException', `${operation} is not part of the sandbox`)
    }
    if (!isOperationName(operation)) {
      throw exception('UnknownOperationException', 'The operation is not known to the service')
    }
    const { quotas, throttleName, throttleStatus } = switches.now()
    if (!throttle.admit(operation, quotas)) {
      throw new ApiException(throttleName, 'Rate exceeded', throttleStatus)
    }
    return invoke(operations, operation, json, (input) => damageInput(faults, input))
  }

  return (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    runCall(
      { operation: operationOf(request), request, response, members: headerMembers(request) },
      { carryOut, refuse: exceptionAnswer },
    )
}

function operationOf({ method, headers }: IncomingMessage): string {
  const target = headers['x-amz-target']
  const isJson = headers['content-type'] === 'application/x-amz-json-1.1'
  if (method !== 'POST' || !isJson || typeof target !== 'string') return 'Unknown'
  return target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : 'Unknown'
}

function headerMembers({ headers }: IncomingMessage): Partial<CallRecord> {
  const accessKeyId = claimedAccessKeyId(headers.authorization)
  const attempt = /attempt=(\d+)/.exec(String(headers['amz-sdk-request']))?.[1]
  return {
    ...(accessKeyId === undefined ? {} : { accessKeyId }),
    ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
  }
}

/** Undefined, which no JSON text gives, where the body is no JSON. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
