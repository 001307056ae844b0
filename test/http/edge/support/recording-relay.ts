import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** Stands between a service and its AWS, and keeps what AWS answers. */
export interface RecordingRelay {
  readonly url: string
  /** Where it passes everything on to. */
  to(url: string): void
  /** All answers so far, as they came. */
  answers(): string
}

/** On loopback, byte for byte. Gone when the test ends. */
export async function startRecordingRelay(t: TestContext): Promise<RecordingRelay> {
  let port = 0
  const answers: Buffer[] = []
  const sockets = new Set<Socket>()

  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port })
    client.pipe(upstream).pipe(client)
    upstream.on('data', (bytes: Buffer) => void answers.push(bytes))
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

  return {
    url: `http://127.0.0.1:${Number(Object(server.address()).port)}`,
    to(url) {
      port = Number(new URL(url).port)
    },
    answers: () => Buffer.concat(answers).toString('latin1'),
  }
}
