import type { FastifyRequest } from 'fastify'
import { LayergateError } from '../registry/errors.ts'

export interface RequestSignal extends Disposable {
  /** Aborts with a LayergateError as its reason: `client_aborted`, or that of the shutdown. */
  readonly signal: AbortSignal
}

/**
 * When the work for a request has to stop. Hangs on `request.raw.signal`: Fastify's own `request.signal` also fires when the
 * body has merely ended, and misses a client that leaves after that.
 */
export function requestSignal(request: FastifyRequest, shutdown: AbortSignal): RequestSignal {
  const scope = new AbortController()
  const gone = request.raw.signal
  const onGone = () => {
    scope.abort(new LayergateError('client_aborted', 'The client left before it was answered.'))
  }
  const onShutdown = () => scope.abort(shutdown.reason)
  gone.addEventListener('abort', onGone)
  shutdown.addEventListener('abort', onShutdown)
  if (gone.aborted) onGone()
  if (shutdown.aborted) onShutdown()
  return {
    signal: scope.signal,
    [Symbol.dispose]() {
      gone.removeEventListener('abort', onGone)
      shutdown.removeEventListener('abort', onShutdown)
    },
  }
}

/** Runs `work` with a signal that says when it has to stop. */
export async function duringRequest<T>(
  request: FastifyRequest,
  shutdown: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using scope = requestSignal(request, shutdown)
  return await work(scope.signal)
}
