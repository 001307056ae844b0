import type { Call } from '../publish/upstream.ts'
import type { Digest } from '../registry/digest.ts'
import type { Observer } from '../registry/events.ts'
import { toUpstreamError } from './exceptions.ts'
import { type Turns, unlimited } from './limiter/turns.ts'
import { callerOf } from './caller-of.ts'
import { lingering } from './lingering.ts'
import { untilAborted } from './until-aborted.ts'

export interface CallFacts {
  readonly operation: string
  /** Of what the call makes the registry have. */
  readonly digest?: Digest
  /** For the whole answer, as far as `send` waits for it. */
  readonly timeoutMs: number
  /** Bytes of the layer that an accepted call carries. */
  readonly layerBytes?: number
  /** How long a call that was sent may go on for its answer when nobody wants it any more; not at all when absent. */
  readonly lingerMs?: number
}

export interface Answered<T> {
  readonly result: T
  /** AWS's id of the request. */
  readonly requestId?: string | undefined
}

/** One call to AWS, never repeated: in its turn, bounded, measured, its failure in our words. */
export interface ObservedCall {
  /**
   * @param send ends at once when its signal aborts
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  <T>(call: Call, facts: CallFacts, send: (signal: AbortSignal) => Promise<Answered<T>>): Promise<T>
}

/**
 * The wait for its turn is not part of the call: neither of its time-out nor of its seconds.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createObservedCall(
  observer: Observer,
  now: () => number,
  turns: Turns = unlimited,
): ObservedCall {
  return async (call, { operation, digest, timeoutMs, layerBytes = 0, lingerMs = 0 }, send) => {
    call.signal.throwIfAborted()
    const cameAtMs = now()
    const turn = await turns.take(operation, call)
    const startedAtMs = now()
    using last = lingering(call.signal, lingerMs)
    const end = new AbortController()
    const signal = AbortSignal.any([last.signal, end.signal])
    const timer = setTimeout(() => end.abort(timedOut(timeoutMs)), timeoutMs)
    const observe = (outcome: string, sentLayerBytes: number, upstreamRequestId?: string) => {
      observer.observe({
        type: 'upstream_called',
        destination: call.destination.name,
        repository: call.repository,
        ...(call.agentRepository !== undefined && { agentRepository: call.agentRepository }),
        agent: call.agent,
        ...callerOf(call),
        ...(digest && { digest }),
        operation,
        outcome,
        seconds: (now() - startedAtMs) / 1000,
        waitedSeconds: (startedAtMs - cameAtMs) / 1000,
        sentLayerBytes,
        ...(upstreamRequestId === undefined ? {} : { upstreamRequestId }),
      })
    }

    try {
      signal.throwIfAborted()
      const { result, requestId } = await untilAborted(signal, send(signal))
      observe('success', layerBytes, requestId)
      turn.end('answered')
      return result
    } catch (thrown) {
      if (last.signal.aborted) {
        observe('AbortError', 0)
        turn.end('broken_off')
        throw call.signal.reason
      }
      const cause: unknown = end.signal.aborted ? end.signal.reason : thrown
      const error = toUpstreamError(operation, cause)
      observe(error.facts.exception, 0, error.facts.requestId)
      turn.end(error)
      throw error
    } finally {
      clearTimeout(timer)
      // An answer can come before the request has gone out whole: nothing of it may be sent from here on.
      end.abort(over)
    }
  }
}

/** Made once: each call ends with it, nobody reads it, and an error is made with a stack. */
const over = new DOMException('The call is over.', 'AbortError')

function timedOut(timeoutMs: number): DOMException {
  return new DOMException(`No answer within ${timeoutMs} ms.`, 'TimeoutError')
}
