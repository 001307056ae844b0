import type {
  $Command,
  ECRPUBLICClient,
  ECRPUBLICClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../publish/upstream-error.ts'
import type { Call } from '../publish/upstream.ts'
import type { Observer } from '../registry/events.ts'
import { toUpstreamError } from './exceptions.ts'
import { untilAborted } from './until-aborted.ts'

export interface EcrRequest<Input extends ServiceInputTypes, Output extends ServiceOutputTypes, T> {
  readonly operation: string
  readonly command: $Command<
    Input,
    Output,
    ECRPUBLICClientResolvedConfig,
    ServiceInputTypes,
    ServiceOutputTypes
  >
  readonly timeoutMs: number
  /** Bytes of the layer that an accepted call carries. */
  readonly layerBytes?: number
  /**
   * Takes from the answer what we need.
   *
   * @throws UpstreamError when the answer is not what was asked for
   */
  readonly read: (answer: Output) => T
}

/** One request to AWS and its answer, never repeated. */
export interface Attempt {
  /**
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  <Input extends ServiceInputTypes, Output extends ServiceOutputTypes, T>(
    call: Call,
    request: EcrRequest<Input, Output, T>,
  ): Promise<T>
}

/** The only place where the SDK is asked to send anything: bounded, measured, in our words. */
export function createAttempt(
  client: ECRPUBLICClient,
  observer: Observer,
  now: () => number,
): Attempt {
  return async (call, { operation, command, timeoutMs, layerBytes = 0, read }) => {
    call.signal.throwIfAborted()
    const end = new AbortController()
    const signal = AbortSignal.any([call.signal, end.signal])
    const timer = setTimeout(() => end.abort(timedOut(timeoutMs)), timeoutMs)
    const startedAtMs = now()
    const observe = (outcome: string, sentLayerBytes: number, upstreamRequestId?: string) => {
      observer.observe({
        type: 'upstream_called',
        destination: call.destination.name,
        operation,
        outcome,
        seconds: (now() - startedAtMs) / 1000,
        sentLayerBytes,
        ...(upstreamRequestId === undefined ? {} : { upstreamRequestId }),
      })
    }

    try {
      const answer = await untilAborted(signal, client.send(command, { abortSignal: signal }))
      const result = read(answer)
      observe('success', layerBytes, answer.$metadata.requestId)
      return result
    } catch (thrown) {
      if (call.signal.aborted) {
        observe('AbortError', 0)
        throw call.signal.reason
      }
      const cause: unknown = end.signal.aborted ? end.signal.reason : thrown
      const error = cause instanceof UpstreamError ? cause : toUpstreamError(operation, cause)
      observe(error.facts.exception, 0, error.facts.requestId)
      throw error
    } finally {
      clearTimeout(timer)
      // An answer can come before the request has gone out whole: nothing of it may be sent from here on.
      end.abort()
    }
  }
}

function timedOut(timeoutMs: number): DOMException {
  return new DOMException(`No answer within ${timeoutMs} ms.`, 'TimeoutError')
}
