import { type AgentOptions, Agent as HttpAgent } from 'node:http'
import { type AgentOptions as TlsAgentOptions, Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'

/** Where connections to AWS come from. */
export interface Agents {
  readonly plain: HttpAgent
  readonly tls: HttpsAgent
  close(): void
}

/** TCP, and TLS on top of it. A server that is there answers within a second; a lost packet costs one to three more. */
const connectTimeoutMs = 5_000

/**
 * A connection that is not there in time fails with `ETIMEDOUT`. The limit is ours: that of the SDK counts the wait for a free socket as
 * well, ends before TLS begins, and leaves its timer running when a connection fails (smithy-typescript, node-http-handler 4.14).
 */
export function createAgents(options: AgentOptions = {}, timeoutMs = connectTimeoutMs): Agents {
  const plain = new PlainAgent(options, timeoutMs)
  const tls = new TlsAgent(options, timeoutMs)
  return {
    plain,
    tls,
    close() {
      plain.destroy()
      tls.destroy()
    },
  }
}

class PlainAgent extends HttpAgent {
  readonly #timeoutMs: number

  constructor(options: AgentOptions, timeoutMs: number) {
    super(options)
    this.#timeoutMs = timeoutMs
  }

  override createConnection(...args: Parameters<HttpAgent['createConnection']>) {
    return inTime(super.createConnection(...args), 'connect', this.#timeoutMs)
  }
}

class TlsAgent extends HttpsAgent {
  readonly #timeoutMs: number

  constructor(options: TlsAgentOptions, timeoutMs: number) {
    super(options)
    this.#timeoutMs = timeoutMs
  }

  override createConnection(...args: Parameters<HttpsAgent['createConnection']>) {
    return inTime(super.createConnection(...args), 'secureConnect', this.#timeoutMs)
  }
}

function inTime<T extends Duplex | null | undefined>(
  socket: T,
  connected: 'connect' | 'secureConnect',
  timeoutMs: number,
): T {
  if (!socket) return socket
  const timer = setTimeout(() => {
    const error = new Error(`No connection within ${timeoutMs} ms.`)
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }))
  }, timeoutMs)
  const stop = () => clearTimeout(timer)
  socket.once(connected, stop).once('close', stop)
  return socket
}
