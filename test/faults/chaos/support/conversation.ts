import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { drawFate, type FateWeights } from './fates.ts'
import type { Line, Wire } from './line.ts'
import type { Random } from './random.ts'

export interface Request {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Without its length. */
  readonly isChunked?: boolean
  /** Whether a bit of the body may be flipped: what it says is checked by its digest. */
  readonly isChecked?: boolean
  /** How long the agent waits for the whole answer. */
  readonly patienceMs?: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** One agent that talks to the service, request by request, over connections each of which has a fate of its own. */
export interface Conversation {
  /** @throws Error when the connection was lost, or nothing came for too long */
  send(method: string, path: string, request?: Request): Promise<Answer>
  /** Whether a bit of anything that it sent was flipped. */
  isDamaged(): boolean
  close(): void
}

const defaultPatienceMs = 15_000

export function converse(line: Line, random: Random, weights: FateWeights): Conversation {
  const wires: Wire[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  agent.createConnection = () => {
    const wire = line.open(drawFate(random, weights))
    wires.push(wire)
    return wire.socket
  }

  return {
    async send(method, path, { headers = {}, body, isChunked, isChecked, patienceMs } = {}) {
      const withLength = body && !isChunked ? { 'content-length': String(body.length) } : {}
      const request = httpRequest({
        host: '127.0.0.1',
        agent,
        method,
        path,
        headers: { ...headers, ...withLength },
        signal: AbortSignal.timeout(patienceMs ?? defaultPatienceMs),
      })
      const answered = once(request, 'response')
      // It is awaited only once the body is on its way.
      answered.catch(() => {})
      if (body && isChecked && !isChunked) {
        request.flushHeaders()
        await Promise.race([once(request, 'socket'), answered])
        await setImmediate()
        const wire = wires.find(({ socket }) => socket === request.socket)
        if (wire?.fate.kind === 'flip') wire.flip(random.integer(0, body.length - 1))
      }
      request.end(body)
      const [response] = await answered
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      return {
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(chunks),
      }
    },
    isDamaged: () => wires.some((wire) => wire.isDamaged()),
    close: () => agent.destroy(),
  }
}
