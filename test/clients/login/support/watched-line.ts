import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import type { TestContext } from 'node:test'

export interface WatchedLine {
  /** As clients write it. */
  readonly host: string
}

/** An HTTP proxy on loopback, where something can happen between a client's request and the service. Gone when the test ends. */
export async function startWatchedLine(
  t: TestContext,
  port: number,
  before: (line: string) => Promise<void>,
): Promise<WatchedLine> {
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    const forward = async () => {
      await before(`${method} ${url}`)
      const options = { host: '127.0.0.1', port, method, path: url, agent: false }
      const onward = send({ ...options, headers: request.rawHeaders }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(response)
      })
      request.pipe(onward)
      onward.on('error', () => response.destroy())
      response.on('close', () => onward.destroy())
    }
    forward().catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { host: `127.0.0.1:${Number(Object(server.address()).port)}` }
}
