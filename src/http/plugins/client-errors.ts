import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { LayergateError } from '../../registry/errors.ts'
import { problemContentType, toProblem } from '../problem.ts'

/** Answers bytes that are no HTTP, and headers that never end: Node has no request for them to hang an answer on. */
export interface ClientErrors {
  /** To be told every request, since garbage may follow one that is still being answered. */
  track(request: IncomingMessage, response: ServerResponse): void
  answer(error: Error & { code?: string }, socket: Socket): void
}

export function createClientErrors(): ClientErrors {
  /** The answers that each connection still waits for; clients may send requests ahead. */
  const pending = new WeakMap<Socket, Map<IncomingMessage, ServerResponse>>()

  return {
    track(request, response) {
      const { socket } = request
      const ofSocket = pending.get(socket) ?? new Map<IncomingMessage, ServerResponse>()
      pending.set(socket, ofSocket.set(request, response))
      response.once('close', () => ofSocket.delete(request))
    },

    answer(error, socket) {
      const earlier = [...(pending.get(socket) ?? [])].filter(([request]) => request.complete)
      const last = earlier.at(-1)
      if (last) {
        // Answers go out in order: when the last of them has, nothing can follow any more.
        last[1].once('close', () => socket.destroySoon())
        return
      }
      if (socket.writable && error.code !== 'ECONNRESET') socket.write(problemText(error.code))
      socket.destroySoon()
    },
  }
}

function problemText(code: string | undefined): string {
  const error = clientError(code ?? '')
  const { status } = error.entry
  const requestId = randomUUID()
  const body = JSON.stringify(toProblem(error, requestId))
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `x-request-id: ${requestId}`,
    `content-type: ${problemContentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

function clientError(code: string): LayergateError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new LayergateError('idle_timeout', 'The headers did not end in time.')
    case 'HPE_INVALID_EOF_STATE':
      return new LayergateError(
        'request_invalid',
        'The client stopped sending before its request ended.',
      )
    case 'HPE_HEADER_OVERFLOW':
      return new LayergateError('request_invalid', 'The headers are too large.')
    default:
      return new LayergateError('request_invalid', 'This is not HTTP as it is understood here.')
  }
}
