import type { InflateRaw, ZstdDecompress } from 'node:zlib'
import type { TakeInflated } from '../inflater.ts'
import { BeyondLimit } from '../malformed.ts'

/** A decompressor of `node:zlib`. Its memory is given back when it is disposed of. */
export interface NativeInflater extends Disposable {
  /**
   * Resolves with how many of the bytes were used: not all of them where the compressed data end before.
   *
   * @throws DamagedData
   * @throws BeyondLimit `memory`
   * @throws what the taker throws
   */
  write(bytes: Buffer): Promise<number>
}

/** Thrown where the decompressor cannot make sense of its bytes. How much it made of them before depends on how they were written. */
export class DamagedData extends Error {
  readonly code: string

  constructor(reason: string, code: string) {
    super(reason)
    this.code = code
  }
}

/** What zlib and zstd say where they need more memory than they get. */
const memoryCodes = new Set([
  'Z_MEM_ERROR',
  'ZSTD_error_memory_allocation',
  'ZSTD_error_frameParameter_windowTooLarge',
])

export function createNativeInflater(
  engine: InflateRaw | ZstdDecompress,
  take: TakeInflated,
): NativeInflater {
  let writing = Promise.withResolvers<number>()

  engine.on('data', (bytes: Buffer) => {
    try {
      take(bytes)
    } catch (error) {
      writing.reject(error)
      engine.destroy()
    }
  })
  engine.on('error', ({ message, code = '' }: NodeJS.ErrnoException) => {
    writing.reject(
      memoryCodes.has(code) ? new BeyondLimit('memory') : new DamagedData(message, code),
    )
  })

  return {
    write(bytes) {
      const { bytesWritten } = engine
      writing = Promise.withResolvers()
      const { promise, resolve } = writing
      // An error is told by its event, which also comes where this is not called.
      engine.write(bytes, () => resolve(engine.bytesWritten - bytesWritten))
      return promise
    },
    [Symbol.dispose]: () => void engine.destroy(),
  }
}
