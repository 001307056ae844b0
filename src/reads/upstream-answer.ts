import { asLayergateError } from '../publish/forward-failure.ts'
import { UpstreamError } from '../publish/upstream-error.ts'

/** What the upstream answers; its failures as errors to answer with. @throws LayergateError */
export async function upstreamAnswer<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw error instanceof UpstreamError ? asLayergateError(error) : error
  }
}
