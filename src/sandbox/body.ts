import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { exception } from './exceptions.ts'

// A part of 20 MiB is 27 MiB of base64; whatever is larger is no call of this API.
const maxBodyBytes = 64 * 1024 * 1024

export interface Body {
  readonly bytes: Buffer
  readonly sha256: string
}

/**
 * Reads a request body of 64 MiB at most and digests it as it comes.
 * @param onProgress called with the bytes so far; returns false to stop reading, which then gives undefined
 * @throws ApiException RequestEntityTooLargeException
 */
export async function readBody(
  request: IncomingMessage,
  onProgress: (bytes: number) => boolean = () => true,
): Promise<Body | undefined> {
  const digest = createHash('sha256')
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    digest.update(chunk)
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (!onProgress(sizeBytes)) return undefined
    if (sizeBytes > maxBodyBytes) {
      throw exception(
        'RequestEntityTooLargeException',
        `A request body can have ${maxBodyBytes} bytes at most`,
      )
    }
  }
  return { bytes: Buffer.concat(chunks, sizeBytes), sha256: digest.digest('hex') }
}
