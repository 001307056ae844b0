import { UpstreamError } from '../../publish/upstream-error.ts'

/** AWS does not always say which permission is missing: a `denied` of this call says what to do about it. */
export async function explainDenied<T>(asked: Promise<T>, advice: string): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof UpstreamError && error.failure === 'denied')) throw error
    throw new UpstreamError('denied', {
      ...error.facts,
      message: `${error.facts.message} (${advice})`,
    })
  }
}
