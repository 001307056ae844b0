import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** A line of a certain speed and length, for all connections together. */
export interface ShapedLine extends AsyncDisposable {
  readonly url: string
  /** On the way out, HTTP's own bytes included. */
  sentBytes(): number
}

/** What is on its way, or waits to be, of one connection: then its sender has to wait. */
const maxQueuedBytes = 256 * 1024

/** @param oneWayMs each way; the round trip takes twice that */
export async function shapedLine(
  target: URL,
  bytesPerSecond: number,
  oneWayMs: number,
): Promise<ShapedLine> {
  const sockets = new Set<Socket>()
  let freeAtMs = performance.now()
  let sentBytes = 0

  function relay(from: Socket, to: Socket, isShaped: boolean): void {
    let queuedBytes = 0
    let last = Promise.resolve()
    const deliver = (atMs: number, act: () => void) => {
      last = last.then(() => setTimeout(Math.max(0, atMs - performance.now()))).then(act)
    }
    from.on('data', (chunk) => {
      let atMs = performance.now() + oneWayMs
      if (isShaped) {
        freeAtMs = Math.max(freeAtMs, performance.now()) + (chunk.length / bytesPerSecond) * 1000
        atMs = freeAtMs + oneWayMs
        sentBytes += chunk.length
      }
      queuedBytes += chunk.length
      if (queuedBytes >= maxQueuedBytes) from.pause()
      deliver(atMs, () => {
        queuedBytes -= chunk.length
        if (queuedBytes < maxQueuedBytes) from.resume()
        to.write(chunk)
      })
    })
    from.on('end', () => deliver(performance.now() + oneWayMs, () => to.end()))
    from.on('error', () => to.destroy()).on('close', () => sockets.delete(from))
    sockets.add(from)
  }

  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    relay(near, far, true)
    relay(far, near, false)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The line has no port.')

  return {
    url: `http://127.0.0.1:${address.port}`,
    sentBytes: () => sentBytes,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
