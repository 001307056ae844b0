import { asLayergateError } from '../publish/forward-failure.ts'
import { LayergateError } from '../registry/errors.ts'
import { UpstreamError } from '../publish/upstream-error.ts'

/** Below the 30 s after which containerd 2.3 and later give up. */
const patienceMs = 20_000

/**
 * What the upstream answers; its failures as errors to answer with.
 *
 * @throws LayergateError
 * @throws the reason of `signal`
 */
export async function upstreamAnswer<T>(
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const patience = AbortSignal.timeout(patienceMs)
  try {
    return await ask(AbortSignal.any([signal, patience]))
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof UpstreamError) throw asLayergateError(error)
    if (error !== patience.reason) throw error
    const detail = `ECR Public did not answer within ${patienceMs / 1000} s.`
    throw new LayergateError('upstream_unavailable', detail, { cause: error })
  }
}
