import type { Transform } from 'node:stream'

/**
 * Sends bytes through an engine of zlib, one chunk after the other. What lies behind the end of its format is left.
 *
 * @param take gets what comes out
 * @returns false where the engine cannot read the bytes
 * @throws what `take` or `chunks` throws
 */
export async function sendThrough(
  engine: Transform,
  chunks: AsyncIterable<Uint8Array>,
  take: (bytes: Uint8Array) => void,
): Promise<boolean> {
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<boolean>()
  engine.on('error', () => end(false))
  engine.on('end', () => end(true))
  engine.on('data', (bytes: Uint8Array) => {
    try {
      take(bytes)
    } catch (error) {
      fail(error)
    }
  })
  // The chunks may throw before anybody waits for it.
  ended.catch(() => {})
  try {
    for await (const chunk of chunks) {
      const written = new Promise<undefined>((resolve) => {
        engine.write(chunk, () => resolve(undefined))
      })
      const isRead = await Promise.race([ended, written])
      if (isRead !== undefined) return isRead
    }
    engine.end()
    return await ended
  } finally {
    engine.destroy()
  }
}
