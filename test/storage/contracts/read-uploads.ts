import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newUploadId } from '../../../src/registry/upload-id.ts'
import { append, someBytes, uploadedBytes } from '../support/layers.ts'
import type { OpenSpool } from './spool.ts'

/** How every engine of the `Spool` port reads uploads that are not sealed. */
export function readUploadsContract(engine: string, open: OpenSpool): void {
  describe(`Spool, uploads that are read: ${engine}`, () => {
    test('the bytes of an upload are read as they were written, from anywhere', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes.subarray(0, 10))
      await append(spool, id, 10, bytes.subarray(10))
      await using reader = await spool.openUpload(id)
      const target = Buffer.alloc(20)

      assert.equal(reader.sizeBytes, 30)
      assert.equal(await reader.read(target, 0), 20)
      assert.deepEqual(target, bytes.subarray(0, 20))
      assert.equal(await reader.read(target, 20), 10)
      assert.deepEqual(target.subarray(0, 10), bytes.subarray(20))
      assert.equal(await reader.read(target, 30), 0)
      assert.equal(await reader.read(target, 40), 0)
    })

    test('an upload can be read several times, and goes on afterwards', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes.subarray(0, 10))
      assert.deepEqual(await uploadedBytes(spool, id), bytes.subarray(0, 10))
      assert.deepEqual(await uploadedBytes(spool, id), bytes.subarray(0, 10))
      await append(spool, id, 10, bytes.subarray(10))

      assert.deepEqual(await uploadedBytes(spool, id), bytes)
    })

    test('an upload of which nothing was flushed has no bytes', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      {
        await using writer = await spool.resume(id, 0, 10)
        await writer.write(someBytes(10))
      }

      assert.deepEqual(await uploadedBytes(spool, id), Buffer.alloc(0))
    })

    test('a closed reader closes once, and leaves others open', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(10))
      await using other = await spool.openUpload(id)
      const reader = await spool.openUpload(id)
      await reader[Symbol.asyncDispose]()
      await reader[Symbol.asyncDispose]()

      await assert.rejects(reader.read(Buffer.alloc(1), 0))
      assert.equal(await other.read(Buffer.alloc(20), 0), 10)
    })
  })
}
