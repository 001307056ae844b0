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

export function expectsContinue(request: IncomingMessage): boolean {
  return request.headers.expect?.toLowerCase() === '100-continue'
}

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
  if (request.isBodyWelcome && (await isDrained(request.raw, reply.raw))) return
  reply.header('connection', 'close')
}

async function isDrained(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (request.complete) {
    request.resume()
    return true
  }
  if (request.destroyed) return false
  let drained = 0
  return new Promise((resolve) => {
    const settle = (isComplete: boolean) => {
      clearTimeout(overall)
      clearTimeout(idle)
      request.off('data', onData).off('end', onEnd).off('close', onGone)
      response.off('close', onGone)
      if (!isComplete) request.pause()
      resolve(isComplete)
    }
    const onData = (chunk: Buffer) => {
      drained += chunk.length
      idle.refresh()
      if (drained > drainBytes) settle(false)
    }
    const onEnd = () => settle(true)
    const onGone = () => settle(false)
    const overall = setTimeout(settle, drainMs, false)
    const idle = setTimeout(settle, drainIdleMs, false)
    request.unpipe()
    request.on('data', onData).on('end', onEnd).on('close', onGone)
    response.on('close', onGone)
    request.resume()
  })
}
