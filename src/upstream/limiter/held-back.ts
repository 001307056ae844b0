import { UpstreamError } from '../../publish/upstream-error.ts'

/** @param last what the last call of the account came to */
export function upstreamPaused(operation: string, last: UpstreamError | undefined): UpstreamError {
  const why = last ? `; the last call came to ${last.message}` : ''
  const message = `AWS does not answer, and is only probed now and then${why}`
  return heldBack(operation, 'UpstreamPaused', message)
}

export function upstreamClosed(operation: string): UpstreamError {
  const message = 'The service stops, and makes no calls any more.'
  return heldBack(operation, 'UpstreamClosed', message)
}

function heldBack(operation: string, exception: string, message: string): UpstreamError {
  return new UpstreamError('unavailable', { operation, exception, message, wasSent: false })
}
