import type { Server, Socket } from 'node:net'

export function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('It listens to no port.')
  return address.port
}

/** Resolves when a connection is over, whatever ended it. */
export async function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  if (socket.closed) return
  await new Promise<void>((resolve) => void socket.once('close', () => resolve()))
}

/** Everything that comes on a connection, until it is over. */
export async function all(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more
  })
  await ended(socket)
  return text
}
