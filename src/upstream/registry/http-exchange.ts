import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { createAgents } from '../agents.ts'

export interface ExchangeRequest {
  readonly method: 'GET' | 'HEAD'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** HTTP in its plainest form: no redirects are followed, no cookies kept, nothing is decompressed or repeated. */
export interface HttpExchange {
  /**
   * Resolves with the head of the answer; up to then `signal` ends the request. The body is for the caller to read to its end, or to
   * destroy.
   *
   * @throws Error of the network, with its `code`
   */
  send(request: ExchangeRequest, signal: AbortSignal): Promise<IncomingMessage>
  close(): void
}

export function createHttpExchange(maxSockets: number): HttpExchange {
  const agents = createAgents({ keepAlive: true, maxSockets })
  return {
    send({ method, url, headers }, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
      const options = { method, headers: { ...headers, 'user-agent': 'layergate' } }
      const outgoing =
        url.protocol === 'https:'
          ? tlsRequest(url, { ...options, agent: agents.tls })
          : plainRequest(url, { ...options, agent: agents.plain })
      const stop = () => outgoing.destroy()
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      // An error after the answer's head is told by the body as well.
      outgoing.on('response', resolve).on('error', reject).end()
      return promise.finally(() => signal.removeEventListener('abort', stop))
    },
    close: agents.close,
  }
}
