import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import type { Fate, FateKind, Way } from './fates.ts'

/** A TCP proxy between agents and the service, each of whose connections has a fate. */
export interface Line {
  /** A connection to the service. The same socket, with what the line does to it. */
  open(fate: Fate): Wire
  /** How often each fate was fulfilled. */
  counts(): Readonly<Partial<Record<FateKind, number>>>
  close(): Promise<void>
}

/** The agent's end of a connection. */
export interface Wire {
  readonly socket: Socket
  readonly fate: Fate
  /** Flips a bit of what the agent sends: of the byte `bytesFromNow` behind those that it has written so far. */
  flip(bytesFromNow: number): void
  /** Whether any bit was flipped. */
  isDamaged(): boolean
}

interface Connection {
  readonly fate: Fate
  flipAtByte: number
  isDamaged: boolean
}

/** Each connection begins with its number, so that both ends know its fate. */
const numberBytes = 9

/** @param port of the service, on loopback */
export async function openLine(port: number): Promise<Line> {
  const connections = new Map<string, Connection>()
  const sockets = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()
  const counts: Partial<Record<FateKind, number>> = {}
  let opened = 0

  function fulfil(kind: FateKind): void {
    counts[kind] = (counts[kind] ?? 0) + 1
  }

  function later(ms: number, task: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      task()
    }, ms)
    timers.add(timer)
  }

  /** What one direction of a connection comes to. */
  function passage(connection: Connection, way: Way, reset: () => void, end: () => void) {
    const { fate } = connection
    let passedBytes = 0
    let pieces = 0
    let isTold = false

    function tell(): void {
      if (!isTold) fulfil(fate.kind)
      isTold = true
    }

    function damage(bytes: Buffer): void {
      const at = connection.flipAtByte - passedBytes
      if (way !== 'up' || at < 0 || at >= bytes.length) return
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      connection.isDamaged = true
      tell()
    }

    return new Transform({
      transform(bytes: Buffer, _encoding, done) {
        damage(bytes)
        const leftBytes = 'afterBytes' in fate ? fate.afterBytes - passedBytes : Infinity
        passedBytes += bytes.length
        pieces += 1
        if (fate.kind === 'clean' || fate.kind === 'flip' || fate.way !== way) {
          done(null, bytes)
          return
        }
        if (fate.kind === 'trickle') {
          tell()
          if (pieces > fate.pieces) done(null, bytes)
          else later(fate.everyMs, () => done(null, bytes))
          return
        }
        if (fate.kind === 'lost-answer') {
          if (pieces <= fate.answers) {
            done(null, bytes)
            return
          }
          tell()
          reset()
          return
        }
        if (bytes.length < leftBytes) {
          done(null, bytes)
          return
        }
        tell()
        if (leftBytes > 0) this.push(bytes.subarray(0, leftBytes))
        if (fate.kind === 'stall') later(fate.stallMs, reset)
        // The next turn: what was let through is on its way by then.
        else later(0, fate.kind === 'end' ? end : reset)
      },
    })
  }

  function join(agent: Socket, connection: Connection): void {
    const service = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    const both = [agent, service] as const
    const reset = () => both.forEach((socket) => socket.resetAndDestroy())
    const end = () => both.forEach((socket) => socket.destroySoon())
    agent.pipe(passage(connection, 'up', reset, end)).pipe(service)
    service.pipe(passage(connection, 'down', reset, end)).pipe(agent)
    track(service, agent)
    track(agent, service)
  }

  function track(socket: Socket, other: Socket): void {
    sockets.add(socket)
    // An error is followed by 'close', which the other side then sees.
    socket.on('error', () => {})
    socket.once('close', () => {
      sockets.delete(socket)
      other.destroySoon()
    })
  }

  const server = createServer({ allowHalfOpen: true }, (agent) => {
    sockets.add(agent)
    agent.on('error', () => {})
    agent.once('close', () => sockets.delete(agent))
    agent.once('data', (bytes: Buffer) => {
      agent.pause()
      const connection = connections.get(bytes.toString('latin1', 0, numberBytes))
      if (!connection) throw new Error('A connection began without its number.')
      if (bytes.length > numberBytes) agent.unshift(bytes.subarray(numberBytes))
      join(agent, connection)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no TCP port.')

  return {
    open(fate) {
      const connection: Connection = { fate, flipAtByte: -1, isDamaged: false }
      opened += 1
      const number = `${opened.toString(36).padStart(numberBytes - 1, '0')}\n`
      connections.set(number, connection)
      const socket = connect({ host: '127.0.0.1', port: address.port })
      socket.once('close', () => connections.delete(number))
      socket.write(number)
      return {
        socket,
        fate,
        flip(bytesFromNow) {
          connection.flipAtByte = socket.bytesWritten - numberBytes + bytesFromNow
        },
        isDamaged: () => connection.isDamaged,
      }
    },
    counts: () => counts,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const timer of timers) clearTimeout(timer)
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
