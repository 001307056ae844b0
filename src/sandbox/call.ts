import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CallLog, CallRecord } from './call-log.ts'
import { ApiException, exception } from './exceptions.ts'
import type { CallFaults, Faults } from './faults.ts'
import { type Answer, send } from './wire.ts'

/** One request for an operation: it is logged, and its faults are its own. */
export interface Call {
  readonly requestId: string
  readonly operation: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly faults: CallFaults
  /** The time on the sandbox's clock, which a fault may have put ahead. */
  readonly nowMs: number
  /** Ends the waiting of delayed calls. */
  readonly closing: AbortSignal
  /** Fills in the call's record in the log. */
  note(more: Partial<CallRecord>): void
}

/** An answer, or none: the connection is reset. */
export type Outcome = Answer | 'reset'

export interface Protocol {
  carryOut(call: Call): Promise<Outcome>
  refuse(exception: ApiException, requestId: string): Answer
}

type Asked = Pick<Call, 'operation' | 'request' | 'response'> & {
  /** What the request's head says for the log. */
  readonly members: Partial<CallRecord>
}

export type RunCall = (asked: Asked, protocol: Protocol) => Promise<void>

export interface CallParts {
  readonly calls: CallLog
  readonly faults: Faults
  readonly nowMs: () => number
  readonly closing: AbortSignal
}

export function createCallRunner({ calls, faults, nowMs, closing }: CallParts): RunCall {
  return async ({ members, ...asked }, protocol) => {
    const { operation, request, response } = asked
    const requestId = randomUUID()
    const callFaults = faults.take(operation)
    const note = calls.open({ requestId, operation, startedAtMs: nowMs(), ...members })
    const skewedMs = nowMs() + (callFaults.of('clock-skew')?.aheadMs ?? 0)
    const call = { ...asked, requestId, faults: callFaults, nowMs: skewedMs, closing, note }
    const outcome = await outcomeOf(call, protocol)
    if (outcome === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    note({ status: outcome.status })
    const connection = request.complete ? {} : { connection: 'close' }
    await send(response, outcome, {
      'x-amzn-requestid': requestId,
      date: new Date(skewedMs).toUTCString(),
      ...connection,
    })
  }
}

async function outcomeOf(call: Call, { carryOut, refuse }: Protocol): Promise<Outcome> {
  try {
    return await carryOut(call)
  } catch (error) {
    const isOurs = error instanceof ApiException
    // The client left in the middle of its body, or the sandbox is closing: nobody to tell.
    if (!isOurs && (!call.request.complete || isAbort(error))) return 'reset'
    const known = isOurs ? error : exception('ServerException', `Sandbox failed: ${String(error)}`)
    call.note({ exception: known.name })
    return refuse(known, call.requestId)
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'
