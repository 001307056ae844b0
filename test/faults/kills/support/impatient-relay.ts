import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  readonly port: number
  /** How many connections it has cut. */
  cuts(): number
}

/** Stands between the service and ECR Public, and cuts connections on which nothing moves, as load balancers do. */
export async function impatientRelay(targetPort: number, patienceMs: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let cuts = 0

  function keep(socket: Socket, other: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }

  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1')
    keep(near, far)
    keep(far, near)
    near.pipe(far).pipe(near)
    near.setTimeout(patienceMs, () => {
      cuts += 1
      near.resetAndDestroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port.')

  return {
    port: address.port,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
