import assert from 'node:assert/strict'
import type { Spool, SpoolWriter } from '../../../src/layers/spool.ts'
import type { Digest } from '../../../src/registry/digest.ts'
import { newUploadId, type UploadId } from '../../../src/registry/upload-id.ts'
import { codeIs } from '../../support/code-is.ts'
import { layerOf, storedBytes, uploadedBytes } from './layers.ts'

/** One upload as it should be. */
export interface ModelUpload {
  readonly id: UploadId
  /** Whether the spool has anything of it that is not sealed. */
  isThere: boolean
  flushed: Buffer
  pending: Buffer
  reservedBytes: number
  writer?: SpoolWriter | undefined
}

const nothing = Buffer.alloc(0)

/** A spool, and what it should hold. Each step asserts that the spool does what it should. */
export function createSpoolModel(first: Spool) {
  const { capacityBytes } = first.usage()
  const uploads: ModelUpload[] = []
  const layers = new Map<Digest, { readonly id: UploadId; readonly bytes: Buffer }>()
  let spool = first

  /** Bytes that were not flushed may count or not. */
  function usedBytes(pending: 'with pending' | 'without pending'): number {
    let used = 0
    for (const upload of uploads) {
      const pendingBytes = pending === 'with pending' ? upload.pending.length : 0
      used += Math.max(upload.reservedBytes, upload.flushed.length + pendingBytes)
    }
    for (const { bytes } of layers.values()) used += bytes.length
    return used
  }

  /** `undefined` when that hangs on bytes that were not flushed. */
  function fits(bytes: number): boolean | undefined {
    if (usedBytes('with pending') + bytes <= capacityBytes) return true
    return usedBytes('without pending') + bytes > capacityBytes ? false : undefined
  }

  function isSealed(id: UploadId): boolean {
    return [...layers.values()].some((layer) => layer.id === id)
  }

  function closed(upload: ModelUpload): void {
    upload.pending = nothing
    upload.reservedBytes = 0
    upload.writer = undefined
  }

  function gone(upload: ModelUpload): void {
    closed(upload)
    upload.flushed = nothing
    upload.isThere = false
  }

  return {
    begin(): ModelUpload {
      const id = newUploadId()
      const upload = { id, isThere: false, flushed: nothing, pending: nothing, reservedBytes: 0 }
      uploads.push(upload)
      return upload
    },

    async resume(upload: ModelUpload, offsetBytes: number, reserveBytes: number): Promise<void> {
      const { id, flushed } = upload
      const resumed = () => spool.resume(id, offsetBytes, reserveBytes)
      if (upload.writer) return assert.rejects(resumed(), /is being written/)
      if (isSealed(id) || offsetBytes > flushed.length) {
        return assert.rejects(resumed(), codeIs('upload_unknown'))
      }
      const mayPass = fits(offsetBytes + reserveBytes - flushed.length)
      if (mayPass === undefined) return
      if (offsetBytes === 0) gone(upload)
      if (!mayPass) return assert.rejects(resumed(), codeIs('spool_full'))
      upload.writer = await resumed()
      upload.isThere = true
      upload.flushed = flushed.subarray(0, offsetBytes)
      upload.reservedBytes = offsetBytes + reserveBytes
    },

    async write(upload: ModelUpload, chunk: Buffer): Promise<void> {
      // Beyond the capacity some engines fail at once, others with the batch.
      if (!upload.writer || !fits(chunk.length)) return
      await upload.writer.write(chunk)
      upload.pending = Buffer.concat([upload.pending, chunk])
    },

    async reserve(upload: ModelUpload, bytes: number): Promise<void> {
      const { writer, flushed, pending, reservedBytes } = upload
      const mayPass = fits(bytes)
      if (!writer || mayPass === undefined) return
      if (!mayPass) return assert.rejects(writer.reserve(bytes), codeIs('spool_full'))
      await writer.reserve(bytes)
      upload.reservedBytes = Math.max(reservedBytes, flushed.length + pending.length) + bytes
    },

    async flush(upload: ModelUpload): Promise<void> {
      if (!upload.writer) return
      upload.flushed = Buffer.concat([upload.flushed, upload.pending])
      upload.pending = nothing
      assert.equal(await upload.writer.flush(), upload.flushed.length)
    },

    async close(upload: ModelUpload): Promise<void> {
      await upload.writer?.[Symbol.asyncDispose]()
      closed(upload)
    },

    async seal(upload: ModelUpload): Promise<void> {
      const { id, flushed, isThere } = upload
      const layer = layerOf(flushed)
      if (!isThere) {
        if (layers.get(layer.digest)?.id === id) return spool.seal(id, layer)
        return assert.rejects(spool.seal(id, layer), Error)
      }
      const wrong = { ...layer, sizeBytes: layer.sizeBytes + 1 }
      await assert.rejects(spool.seal(id, wrong), Error)
      closed(upload)
      await spool.seal(id, layer)
      layers.delete(layer.digest)
      layers.set(layer.digest, { id, bytes: flushed })
      gone(upload)
    },

    async discard(upload: ModelUpload): Promise<void> {
      await spool.discard(upload.id)
      gone(upload)
    },

    /** The process died and `reopen` started another: of each upload `tail` is there behind what was flushed. */
    async crash(
      tail: Buffer,
      reopen: (there: ReadonlySet<UploadId>, tail: Buffer) => Promise<Spool>,
    ): Promise<void> {
      const there = uploads.filter(({ isThere }) => isThere)
      spool = await reopen(new Set(there.map(({ id }) => id)), tail)
      for (const upload of there) {
        closed(upload)
        upload.flushed = Buffer.concat([upload.flushed, tail])
      }
    },

    assertUsage(): void {
      const used = spool.usage().usedBytes
      assert(used >= usedBytes('without pending') && used <= usedBytes('with pending'))
    },

    async assertBytes(): Promise<void> {
      for (const { id, isThere, flushed, writer } of uploads) {
        if (writer) continue
        if (isThere) assert.deepEqual(await uploadedBytes(spool, id), flushed)
        else await assert.rejects(spool.openUpload(id), codeIs('upload_unknown'))
      }
      for (const { bytes } of layers.values()) {
        assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
      }
    },
  }
}
