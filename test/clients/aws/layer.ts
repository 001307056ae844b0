import { createCipheriv, createHash } from 'node:crypto'

/** Bytes that no compressor shrinks, the same for the same name. */
export function layerBytes(name: string, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(name).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}

export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The parts, each of `partSizeBytes` but the last, that a layer is sent in. */
export function partsOf(layer: Buffer, partSizeBytes: number): Buffer[] {
  const count = Math.ceil(layer.length / partSizeBytes)
  return Array.from({ length: count }, (_, index) =>
    layer.subarray(index * partSizeBytes, (index + 1) * partSizeBytes),
  )
}
