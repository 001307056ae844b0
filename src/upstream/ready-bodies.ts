import { Readable } from 'node:stream'
import type { ECRPUBLICClient } from '@aws-sdk/client-ecr-public'
import type { EncodedPart } from './part-encoder.ts'
import { slicesOf } from './slices.ts'

/** Commands whose body we built ourselves; the rest of the request stays the SDK's. */
export interface ReadyBodies {
  /** The command with this input is sent with this body in place of what the SDK makes of the input. */
  attach(input: object, part: EncodedPart): void
}

/** Adds the middleware that puts ready bodies in. */
export function acceptReadyBodies(client: ECRPUBLICClient): ReadyBodies {
  const parts = new WeakMap<object, EncodedPart>()

  // Right after serialization and before the SDK measures the body; a hash that stands in the header is signed
  // as it is.
  client.middlewareStack.add(
    (next) => async (args) => {
      const part = parts.get(args.input)
      if (part) {
        const request = requireHttpRequest(args.request)
        request.body = part.body
        request.headers['x-amz-content-sha256'] = part.sha256Hex
      }
      return next(args)
    },
    { step: 'build', priority: 'high', name: 'readyBody' },
  )

  // Right before the socket: written whole, a body would be copied and encrypted by TLS in one go. Not
  // earlier, because the SDK warns on the console about each failed request whose body is a stream.
  client.middlewareStack.add(
    (next) => async (args) => {
      const part = parts.get(args.input)
      if (part) requireHttpRequest(args.request).body = inSlices(part.body)
      return next(args)
    },
    { step: 'deserialize', priority: 'low', name: 'readyBodyInSlices' },
  )

  return {
    attach: (input, part) => {
      parts.set(input, part)
    },
  }
}

const sliceBytes = 256 * 1024

function inSlices(body: Buffer): Readable {
  return Readable.from(slicesOf(body, sliceBytes), { objectMode: false, highWaterMark: sliceBytes })
}

interface HttpRequest {
  body: unknown
  readonly headers: Record<string, string>
}

function requireHttpRequest(request: unknown): HttpRequest {
  if (isHttpRequest(request)) return request
  throw new TypeError('The SDK made no HTTP request.')
}

function isHttpRequest(value: unknown): value is HttpRequest {
  return typeof value === 'object' && value !== null && 'body' in value && 'headers' in value
}
