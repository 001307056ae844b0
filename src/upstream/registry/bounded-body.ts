import { addAbortSignal, type Readable } from 'node:stream'

/**
 * All bytes of a body, or `undefined` as soon as it turns out to have more than `maxBytes`; then its connection is closed.
 *
 * @throws Error of the network, also when the body ends before its announced length; AbortError
 */
export async function readBody(
  body: Readable,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  addAbortSignal(signal, body)
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    const bytes: Buffer = chunk
    sizeBytes += bytes.byteLength
    // Leaving the loop destroys the stream.
    if (sizeBytes > maxBytes) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, sizeBytes)
}
