import { createHash, randomBytes } from 'node:crypto'
import type { SealedLayer, Spool } from '../../../src/layers/spool.ts'
import { sha256Digest } from '../../../src/registry/digest.ts'
import { newUploadId, type UploadId } from '../../../src/registry/upload-id.ts'

export function layerOf(bytes: Uint8Array): SealedLayer {
  const hex = createHash('sha256').update(bytes).digest('hex')
  return { digest: sha256Digest(hex), sizeBytes: bytes.length }
}

/** Stores `bytes` as a sealed layer, the way an upload does. */
export async function store(spool: Spool, bytes: Uint8Array): Promise<SealedLayer> {
  const id = newUploadId()
  const layer = layerOf(bytes)
  await upload(spool, id, bytes)
  await spool.seal(id, layer)
  return layer
}

export async function upload(spool: Spool, id: UploadId, bytes: Uint8Array): Promise<void> {
  await using writer = await spool.create(id, bytes.length)
  await writer.write(bytes)
  await writer.flush()
}

/** One more chunk, whole: written and flushed. Returns what `flush` does. */
export async function append(
  spool: Spool,
  id: UploadId,
  offsetBytes: number,
  chunk: Uint8Array,
): Promise<number> {
  await using writer = await spool.resume(id, offsetBytes, chunk.length)
  await writer.write(chunk)
  return await writer.flush()
}

export async function storedBytes(spool: Spool, { digest }: SealedLayer): Promise<Buffer> {
  await using reader = await spool.open(digest)
  const bytes = Buffer.alloc(reader.sizeBytes)
  const readBytes = await reader.read(bytes, 0)
  return bytes.subarray(0, readBytes)
}

export async function uploadedBytes(spool: Spool, id: UploadId): Promise<Buffer> {
  await using reader = await spool.openUpload(id)
  const bytes = Buffer.alloc(reader.sizeBytes + 1)
  return bytes.subarray(0, await reader.read(bytes, 0))
}

export function someBytes(sizeBytes: number): Buffer {
  return randomBytes(sizeBytes)
}
