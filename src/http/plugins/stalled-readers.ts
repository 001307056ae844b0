import type { FastifyInstance } from 'fastify'

/** Ends the connection of a client that takes nothing of its answer for so long: it would keep a socket, and what the answer holds. */
export function endStalledReaders(app: FastifyInstance, idleTimeoutMs: number): void {
  app.addHook('onSend', async ({ raw }) => {
    // Node ends a connection over which nothing goes for so long, and takes the time back when the last answer that was asked for is out.
    raw.socket.setTimeout(idleTimeoutMs)
  })
}
