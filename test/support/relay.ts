import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface RelayOptions {
  /** Whether the end of one direction leaves the other open. */
  readonly allowHalfOpen?: boolean
  /** Joins a connection to one of its own, which it returns. */
  readonly join: (client: Socket) => Socket
}

/**
 * Something that stands between a client and a server, on a port of loopback, which it returns. Where one side of a connection is closed, the other
 * follows. Gone when the test ends.
 */
export async function startRelay(
  t: TestContext,
  { allowHalfOpen = false, join }: RelayOptions,
): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen }, (client) => {
    const upstream = join(client)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      // An error is followed by 'close', which the other side then sees.
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        other.destroySoon()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  })

  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no TCP port.')
  return address.port
}
