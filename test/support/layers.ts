import { createHash } from 'node:crypto'
import type { Gate } from '../../src/layers/gate.ts'
import type { Spool } from '../../src/layers/spool.ts'
import type { VerifiedLayer } from '../../src/layers/verified-layer.ts'
import { type Digest, sha256Digest } from '../../src/registry/digest.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'

export function digestOf(bytes: Uint8Array): Digest {
  return sha256Digest(createHash('sha256').update(bytes).digest('hex'))
}

/** Bytes that differ from place to place, the same for the same length and seed. */
export function layerBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** Removes a sealed layer, as when its bytes turn out to be wrong. */
export async function condemnLayer(spool: Spool, digest: Digest): Promise<void> {
  if (!(await spool.find(digest))) return
  await using reader = await spool.open(digest)
  await reader.condemn()
}

/** Brings bytes through the gate, as a finished upload does. */
export async function admitLayer(
  spool: Spool,
  gate: Gate,
  bytes: Uint8Array,
): Promise<VerifiedLayer> {
  const id = newUploadId()
  const received = { digest: digestOf(bytes), sizeBytes: bytes.byteLength }
  {
    await using writer = await spool.create(id, bytes.byteLength)
    await writer.write(bytes)
    await writer.flush()
  }
  return gate.admit(id, received, received.digest)
}
