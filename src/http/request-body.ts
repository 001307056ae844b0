import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the client was told, or never asked, to send its body. */
    isBodyWelcome: boolean
  }
}

/** How much of a refused body is read, so that the client gets to read the answer. */
const drainBytes = 16 * 1024 * 1024
const drainMs = 5_000
const drainIdleMs = 1_000

/** Tells a client that asked (`Expect: 100-continue`) to send its body. To be called before it is read. */
export function welcomeBody(request: FastifyRequest, reply: FastifyReply): void {
  if (!request.isBodyWelcome) reply.raw.writeContinue()
  request.isBodyWelcome = true
}

/**
 * To be called before an answer that leaves the body unread. A client that is still sending may see a reset instead of
 * the answer, so some of the body is read first; what then remains is cut off with the connection, since Node would
 * read and discard it without limit.
 */
export async function settleBody(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.raw.readableEnded || !hasBody(request.raw)) return
  if (request.isBodyWelcome && !request.raw.destroyed) await drain(request.raw, reply.raw)
  reply.header('connection', 'close')
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

async function drain(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let drained = 0
  await new Promise<void>((resolve) => {
    const settle = () => {
      clearTimeout(overall)
      clearTimeout(idle)
      request.off('data', onData).off('end', settle).off('close', settle)
      response.off('close', settle)
      resolve()
    }
    const onData = (chunk: Buffer) => {
      drained += chunk.length
      idle.refresh()
      if (drained > drainBytes) settle()
    }
    const overall = setTimeout(settle, drainMs)
    const idle = setTimeout(settle, drainIdleMs)
    request.unpipe()
    request.on('data', onData).on('end', settle).on('close', settle)
    response.on('close', settle)
    request.resume()
  })
}
