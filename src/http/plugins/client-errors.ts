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
  const underWay = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>()

  return {
    track(request, response) {
      underWay.set(request.socket, { request, response })
      response.once('close', () => underWay.delete(request.socket))
    },

    answer(error, socket) {
      const last = underWay.get(socket)
      if (last?.request.complete) {
        last.response.once('close', () => socket.destroySoon())
        return
      }
      if (socket.writable && error.code !== 'ECONNRESET') socket.write(problemText(error.code))
      socket.destroySoon()
    },
  }
}

function problemText(code: string | undefined): string {
  const isSlow = code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const error = isSlow
    ? new LayergateError('idle_timeout', 'The headers did not end in time.')
    : new LayergateError('request_invalid', 'This is not HTTP as it is understood here.')
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
