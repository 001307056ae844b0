import { randomUUID } from 'node:crypto'
import type { RequestListener, ServerOptions } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { TlsOptions } from './key-pair.ts'

/** From the connection to the end of the handshake. */
const handshakeMs = 30_000
/** Without a byte, of a client that sends on and reads its answer only then. */
const lastAnswerIdleMs = 2_000

/** The first byte of every TLS connection (https://www.rfc-editor.org/rfc/rfc8446#section-5.1, `handshake`). */
const handshakeRecord = 22

/**
 * Speaks TLS, and answers what is no TLS with a 400 in plain text: a client that was given `http://` by mistake is told why, instead of
 * being cut off. `closeAllConnections` also ends those that have said nothing yet.
 */
export function createTlsServer(
  options: ServerOptions & TlsOptions,
  handler: RequestListener,
): Server {
  const server = createServer({ ...options, handshakeTimeout: handshakeMs }, handler)
  const connections = new Set<Socket>()

  // TLS takes a connection in one of these, and answers what is none with an alert, or with nothing.
  const handshakes = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    // TLS has a listener of its own, but until then a reset would end the process.
    socket.on('error', () => {})
    socket.setTimeout(handshakeMs, () => socket.destroy())
    socket.once('readable', () => {
      const first: Buffer | null = socket.read()
      if (first === null) return socket.destroy()
      if (first[0] !== handshakeRecord) return answerPlainly(socket)
      socket.setTimeout(0)
      socket.unshift(first)
      for (const handshake of handshakes) handshake.call(server, socket)
    })
  })

  const { closeAllConnections } = server
  server.closeAllConnections = () => {
    closeAllConnections.call(server)
    for (const socket of connections) socket.destroy()
  }
  return server
}

function answerPlainly(socket: Socket): void {
  const text = 'This port speaks TLS: use https://.\n'
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      `x-request-id: ${randomUUID()}`,
      'content-type: text/plain; charset=utf-8',
      `content-length: ${text.length}`,
      'connection: close',
      '',
      text,
    ].join('\r\n'),
  )
  // Bytes that stay unread would reset the connection, and the answer with it.
  socket.resume()
  socket.setTimeout(lastAnswerIdleMs)
  const timer = setTimeout(() => socket.destroy(), handshakeMs)
  socket.once('close', () => clearTimeout(timer))
}
