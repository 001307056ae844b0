import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent at once, but for `expect: 100-continue`: then it is held back for good. */
  readonly body?: string
}

export interface RawExchange {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** Whether the client was told to send its body. */
  readonly wasWelcome: boolean
}

/** One request on a connection of its own, read until the server ends that. */
export async function exchange(
  port: number,
  { method, target, headers, body }: RawRequest,
): Promise<RawExchange> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers, ...length })
  const isHeldBack = headers['expect'] !== undefined
  socket.write(
    `${method} ${target} HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n`,
  )
  if (body !== undefined && !isHeldBack) socket.write(body)
  const received = await text(socket)
  const wasWelcome = received.startsWith('HTTP/1.1 100 ')
  return { ...parsed(wasWelcome ? afterHead(received) : received), wasWelcome }
}

function afterHead(received: string): string {
  return received.slice(received.indexOf('\r\n\r\n') + 4)
}

function parsed(received: string) {
  const [statusLine = '', ...lines] = received.slice(0, received.indexOf('\r\n\r\n')).split('\r\n')
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.append(line.slice(0, colon), line.slice(colon + 1))
  }
  return { status: Number(statusLine.split(' ')[1]), headers, body: afterHead(received) }
}
