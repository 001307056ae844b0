import { UpstreamError } from '../../publish/upstream-error.ts'

const paused = 'UpstreamPaused'
const closed = 'UpstreamClosed'

/** @param last what the last call of the account came to */
export function upstreamPaused(operation: string, last: UpstreamError | undefined): UpstreamError {
  const why = last ? `; the last call came to ${last.message}` : ''
  const message = `AWS does not answer, and is only probed now and then${why}`
  return new UpstreamError('unavailable', { operation, exception: paused, message })
}

export function upstreamClosed(operation: string): UpstreamError {
  const message = 'The service stops, and makes no calls any more.'
  return new UpstreamError('unavailable', { operation, exception: closed, message })
}

/** Whether the call was never made: to make it again at once would end in the same way. */
export function wasHeldBack({ facts: { exception } }: UpstreamError): boolean {
  return exception === paused || exception === closed
}
