import type { Inflater, TakeInflated } from '../inflater.ts'

/** The compressed bytes as a reader sees them: one after the other, wherever the chunks end in which they come. */
export interface CompressedInput {
  /** What came and was not read yet. Valid until the next wait. */
  readonly rest: Buffer
  /** Where `rest` begins, counted in bytes from the first one that came. */
  readonly offset: number
  /** `rest` begins so many bytes later. */
  skip(bytes: number): void
  /** Waits until there is a `rest`. False: no more bytes will come. */
  hasMore(): Promise<boolean>
  /**
   * As `hasMore`, where more bytes must come.
   *
   * @throws InputEnded
   */
  requireMore(): Promise<void>
  /**
   * Reads so many bytes, few enough to be copied. Valid until the next wait.
   *
   * @throws InputEnded
   */
  read(bytes: number): Promise<Buffer>
}

/** Thrown where a reader needs more bytes than came. */
export class InputEnded extends Error {}

/** Reads all of `input` and hands on what was inflated. */
export type CompressedReader = (input: CompressedInput, take: TakeInflated) => Promise<void>

const nothing: Buffer = Buffer.alloc(0)

/** Has a format written down as one that pulls its bytes, while whoever has them pushes. */
export function createPushedInflater(read: CompressedReader, take: TakeInflated): Inflater {
  let rest = nothing
  let offset = 0
  let isEnded = false
  let closedBy: Error | undefined
  let reader: PromiseWithResolvers<void> | undefined
  let writer: PromiseWithResolvers<void> | undefined

  /** The reader needs bytes: the writer has got rid of its own. */
  async function nextChunk(): Promise<void> {
    if (closedBy) throw closedBy
    writer?.resolve()
    reader = Promise.withResolvers()
    await reader.promise
  }

  const input: CompressedInput = {
    get rest() {
      return rest
    },
    get offset() {
      return offset
    },
    skip(bytes) {
      rest = rest.subarray(bytes)
      offset += bytes
    },
    async hasMore() {
      if (rest.length === 0 && !isEnded) await nextChunk()
      return rest.length > 0
    },
    async requireMore() {
      if (!(await input.hasMore())) throw new InputEnded()
    },
    async read(bytes) {
      if (rest.length >= bytes) {
        const found = rest.subarray(0, bytes)
        input.skip(bytes)
        return found
      }
      const gathered = Buffer.alloc(bytes)
      for (let filledBytes = 0; filledBytes < bytes; ) {
        await input.requireMore()
        const copiedBytes = rest.copy(gathered, filledBytes)
        input.skip(copiedBytes)
        filledBytes += copiedBytes
      }
      return gathered
    },
  }

  function close(error: Error): void {
    closedBy ??= error
    rest = nothing
    writer?.reject(closedBy)
    // Whatever the reader holds is released on its way out.
    reader?.reject(closedBy)
  }

  function finish(): void {
    writer?.resolve()
    close(new Error('The inflater is at its end.'))
  }

  /** Has the reader go on, until it needs more. */
  async function letRead(chunk: Buffer): Promise<void> {
    if (closedBy) throw closedBy
    rest = chunk
    writer = Promise.withResolvers()
    reader?.resolve()
    await writer.promise
  }

  function takeWhileOpen(bytes: Uint8Array): void {
    if (closedBy) throw closedBy
    take(bytes)
  }

  read(input, takeWhileOpen).then(finish, close)

  return {
    async write(chunk) {
      if (chunk.length === 0) return
      await letRead(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    },
    async end() {
      isEnded = true
      await letRead(nothing)
    },
    [Symbol.dispose]: () => close(new Error('The inflater was disposed of.')),
  }
}
