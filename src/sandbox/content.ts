import type { Content } from './wire.ts'

const contentOf = (body: string | Content): Content => {
  if (typeof body !== 'string') return body
  const bytes = Buffer.from(body)
  return {
    sizeBytes: bytes.length,
    async *read() {
      yield bytes
    },
  }
}

/** The first half of the content. */
export function firstHalf(body: string | Content): Content {
  const whole = contentOf(body)
  const sizeBytes = Math.floor(whole.sizeBytes / 2)
  return {
    sizeBytes,
    async *read() {
      let left = sizeBytes
      for await (const chunk of whole.read()) {
        if (left === 0) return
        const taken = chunk.subarray(0, left)
        left -= taken.length
        yield taken
      }
    },
  }
}

/** The content with the lowest bit of its byte at `offset` flipped. */
export function withFlippedBit(body: string | Content, offset: number): Content {
  const whole = contentOf(body)
  return {
    sizeBytes: whole.sizeBytes,
    async *read() {
      let start = 0
      for await (const chunk of whole.read()) {
        const at = offset - start
        start += chunk.length
        if (at < 0 || at >= chunk.length) {
          yield chunk
          continue
        }
        // The chunk may be the store's own memory.
        const damaged = Buffer.from(chunk)
        damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at)
        yield damaged
      }
    },
  }
}
