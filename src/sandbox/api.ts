import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBody } from './body.ts'
import { bodyMembers, type CallLog, type CallRecord } from './call-log.ts'
import { ApiException, exception } from './exceptions.ts'
import { damageInput, damageOutput, faultException } from './fault-effects.ts'
import type { CallFaults, Faults } from './faults.ts'
import { isOperationName, unsupportedOperations } from './inputs.ts'
import { invoke, type Operations } from './operations.ts'
import type { Throttle } from './quotas.ts'
import { claimedAccessKeyId, expiredToken, type Verifier, verifySignature } from './signature.ts'
import type { SwitchBoard } from './switches.ts'
import { type Answer, exceptionAnswer, htmlAnswer, send } from './wire.ts'

export interface ApiParts {
  readonly operations: Operations
  readonly calls: CallLog
  readonly faults: Faults
  readonly throttle: Throttle
  readonly switches: SwitchBoard
  readonly credentials: Verifier['credentials']
  readonly nowMs: () => number
  /** Ends the waiting of delayed calls. */
  readonly closing: AbortSignal
}

interface Call {
  readonly operation: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly faults: CallFaults
  readonly nowMs: number
  note(more: Partial<CallRecord>): void
}

const targetPrefix = 'SpencerFrontendService.'

/** The JSON API (awsJson1_1): one POST per operation. */
export function createApi(parts: ApiParts) {
  const { operations, throttle, switches } = parts

  /** @returns undefined where the connection is to be reset */
  const answerTo = async (call: Call): Promise<Answer | undefined> => {
    const { request, response, faults } = call
    const resetAt = faults.of('reset-mid-body')?.afterBytes ?? Infinity
    const body = await readBody(request, (bytes) => bytes < resetAt)
    if (!body) return undefined
    const json = parseJson(body.bytes)
    call.note(bodyMembers(json))

    const delay = faults.of('delay')
    if (delay) await sleep(delay.delayMs, undefined, { signal: parts.closing })
    const isStalled = faults.of('stall') !== undefined
    if (isStalled && !response.closed) await once(response, 'close')
    if (isStalled || faults.of('reset-before-storing')) return undefined
    if (faults.of('html-503')) return htmlAnswer(503, 'Service Unavailable')
    const forced = faults.of('exception')
    if (forced) throw faultException(forced)

    authenticate(call, body.sha256)
    const output = await carryOut(call, json)
    if (faults.of('reset-after-storing')) return undefined
    return damageOutput(faults, output)
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

  const carryOut = async (call: Call, json: unknown): Promise<object> => {
    const { operation } = call
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
    return invoke(operations, operation, json, (input) => damageInput(call.faults, input))
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const operation = operationOf(request)
    const requestId = randomUUID()
    const faults = parts.faults.take(operation)
    const note = parts.calls.open({
      requestId,
      operation,
      startedAtMs: parts.nowMs(),
      ...headerMembers(request),
    })
    const nowMs = parts.nowMs() + (faults.of('clock-skew')?.aheadMs ?? 0)
    const answer = await answerOrException(
      () => answerTo({ operation, request, response, faults, nowMs, note }),
      request,
      note,
    )
    if (!answer) {
      request.socket.resetAndDestroy()
      return
    }
    note({ status: answer.status })
    const connection = request.complete ? {} : { connection: 'close' }
    send(response, answer, {
      'x-amzn-requestid': requestId,
      date: new Date(nowMs).toUTCString(),
      ...connection,
    })
  }
}

async function answerOrException(
  answer: () => Promise<Answer | undefined>,
  request: IncomingMessage,
  note: Call['note'],
): Promise<Answer | undefined> {
  try {
    return await answer()
  } catch (error) {
    const isOurs = error instanceof ApiException
    // The client left in the middle of its body, or the sandbox is closing: nobody to tell.
    if (!isOurs && (!request.complete || isAbort(error))) return undefined
    const known = isOurs ? error : exception('ServerException', `Sandbox failed: ${String(error)}`)
    note({ exception: known.name })
    return exceptionAnswer(known)
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

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
