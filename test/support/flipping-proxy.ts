import { connect } from 'node:net'
import { Transform } from 'node:stream'
import type { TestContext } from 'node:test'
import { startRelay } from './relay.ts'

export interface Flips {
  /** From the start of the body; shorter bodies pass as they are. */
  readonly offsetBytes: number
  /** How many bodies are damaged. Default: every one. */
  readonly times?: number
}

export interface FlippingProxy {
  readonly port: number
  /** The bodies that were damaged so far. */
  flips(): number
}

const blobUpload = /^(?:PATCH|PUT) \/v2\/\S+\/blobs\/uploads\//

/**
 * A TCP proxy on loopback that flips one bit of a blob's bytes on their way to `port`. Everything else, framing and
 * connections included, passes as it is. Gone when the test ends.
 */
export async function startFlippingProxy(
  t: TestContext,
  port: number,
  { offsetBytes, times = Infinity }: Flips,
): Promise<FlippingProxy> {
  let flips = 0

  function flipper(): Transform {
    let isUpload = false
    let passedBytes = 0
    const walk = createRequestWalk({
      onRequest(line) {
        isUpload = blobUpload.test(line)
        passedBytes = 0
      },
      onBody(bytes) {
        const at = offsetBytes - passedBytes
        passedBytes += bytes.length
        if (!isUpload || at < 0 || at >= bytes.length || flips === times) return
        bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
        flips += 1
      },
    })
    return new Transform({
      transform(bytes: Buffer, _encoding, done) {
        walk(bytes)
        done(null, bytes)
      },
    })
  }

  const ownPort = await startRelay(t, {
    allowHalfOpen: true,
    join(client) {
      const upstream = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
      client.pipe(flipper()).pipe(upstream).pipe(client)
      return upstream
    },
  })
  return { port: ownPort, flips: () => flips }
}

interface RequestEvents {
  /** The line that begins a request. */
  onRequest(line: string): void
  /** Body bytes, without their framing. */
  onBody(bytes: Buffer): void
}

/** Follows the requests of one connection, RFC 9112: lines, and the bytes that a line announced. */
function createRequestWalk({ onRequest, onBody }: RequestEvents): (bytes: Buffer) => void {
  let within: 'start' | 'head' | 'chunks' | 'trailers' = 'start'
  let lengthBytes = 0
  let isChunked = false
  let line = ''
  let bodyBytesToCome = 0

  function take(ended: string): void {
    switch (within) {
      case 'start':
        onRequest(ended)
        lengthBytes = 0
        isChunked = false
        within = 'head'
        return
      case 'head':
        if (ended === '') {
          bodyBytesToCome = lengthBytes
          within = isChunked ? 'chunks' : 'start'
        }
        lengthBytes = Number(/^content-length: *(\d+)/i.exec(ended)?.[1] ?? lengthBytes)
        isChunked ||= /^transfer-encoding: *chunked/i.test(ended)
        return
      case 'chunks':
        // An empty line ends each chunk.
        if (ended === '') return
        bodyBytesToCome = Number.parseInt(ended, 16)
        if (bodyBytesToCome === 0) within = 'trailers'
        return
      case 'trailers':
        if (ended === '') within = 'start'
    }
  }

  return (bytes) => {
    let at = 0
    while (at < bytes.length) {
      if (bodyBytesToCome > 0) {
        const body = bytes.subarray(at, at + bodyBytesToCome)
        bodyBytesToCome -= body.length
        at += body.length
        onBody(body)
        continue
      }
      const end = bytes.indexOf('\n', at)
      line += bytes.toString('latin1', at, end === -1 ? bytes.length : end)
      if (end === -1) return
      take(line.trimEnd())
      line = ''
      at = end + 1
    }
  }
}
