import { asLayergateError } from '../publish/forward-failure.ts'
import { UpstreamError } from '../publish/upstream-error.ts'
import { LayergateError } from '../registry/errors.ts'

/** Below the 30 s after which containerd 2.3 and later give up. */
const usualPatienceMs = 20_000

/**
 * What the upstream answers, within 20 s unless told otherwise; its failures as errors to answer with. What is streamed after that has
 * its own time.
 *
 * @throws LayergateError
 * @throws the reason of `signal`
 */
export async function upstreamAnswer<T>(
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
  patienceMs = usualPatienceMs,
): Promise<T> {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(silent(patienceMs)), patienceMs)
  try {
    return await ask(AbortSignal.any([signal, patience.signal]))
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof UpstreamError ? asLayergateError(error) : error
  } finally {
    clearTimeout(timer)
  }
}

function silent(patienceMs: number): LayergateError {
  const detail = `ECR Public did not answer within ${patienceMs / 1000} s.`
  return new LayergateError('upstream_unavailable', detail)
}
