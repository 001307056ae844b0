import type { FastifyInstance } from 'fastify'

/** A refused body is drained for a second before it is answered. */
const lastAnswersMs = 2_000
const closeIdleMs = 50

/** Lets answers go out, but waits for no client that stands still in the middle of a request. */
export async function closeServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), lastAnswersMs)
  // Connections whose answer ends only now would be kept alive otherwise.
  const idle = setInterval(() => app.server.closeIdleConnections(), closeIdleMs)
  await app.close()
  clearInterval(idle)
  clearTimeout(timer)
}
