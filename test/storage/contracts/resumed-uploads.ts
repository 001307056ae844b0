import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newUploadId } from '../../../src/registry/upload-id.ts'
import { codeIs } from '../../support/code-is.ts'
import {
  append,
  layerOf,
  someBytes,
  storedBytes,
  upload,
  uploadedBytes,
} from '../support/layers.ts'
import type { OpenSpool } from './spool.ts'

/** What every engine of the `Spool` port does with uploads that come in several requests. */
export function resumedUploadsContract(engine: string, open: OpenSpool): void {
  describe(`Spool, resumed uploads: ${engine}`, () => {
    test('chunks of several writers are sealed as one layer', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(60)
      const id = newUploadId()
      assert.equal(await append(spool, id, 0, bytes.subarray(0, 10)), 10)
      assert.equal(await append(spool, id, 10, bytes.subarray(10, 30)), 30)
      assert.equal(await append(spool, id, 30, bytes.subarray(30)), 60)
      await spool.seal(id, layerOf(bytes))

      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
      assert.equal(spool.usage().usedBytes, 60)
    })

    test('an upload of one writer may be resumed', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(60)
      const id = newUploadId()
      await upload(spool, id, bytes.subarray(0, 40))
      await append(spool, id, 40, bytes.subarray(40))
      await spool.seal(id, layerOf(bytes))

      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    })

    test('what was flushed beyond the offset is dropped, longer or shorter than what comes', async (t) => {
      for (const tailBytes of [0, 5, 50]) {
        const spool = await open(t, 1000)
        const bytes = someBytes(30 + tailBytes)
        const id = newUploadId()
        await append(spool, id, 0, bytes.subarray(0, 30))
        await append(spool, id, 30, someBytes(20))
        await append(spool, id, 30, bytes.subarray(30))
        await spool.seal(id, layerOf(bytes))

        assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
        assert.equal(spool.usage().usedBytes, bytes.length)
      }
    })

    test('a cut drops what lies beyond, and gives its room back', async (t) => {
      for (const tailBytes of [0, 20]) {
        const spool = await open(t, 1000)
        const bytes = someBytes(30)
        const id = newUploadId()
        await append(spool, id, 0, bytes)
        await append(spool, id, 30, someBytes(tailBytes))
        await spool.cut(id, 30)
        assert.equal(spool.usage().usedBytes, 30)
        assert.deepEqual(await uploadedBytes(spool, id), bytes)
        await spool.seal(id, layerOf(bytes))
        assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
      }
    })

    test('a cut to nothing leaves nothing, also of what was never there', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(30))
      await spool.cut(id, 0)
      await spool.cut(newUploadId(), 0)
      assert.equal(spool.usage().usedBytes, 0)
      await assert.rejects(uploadedBytes(spool, id), codeIs('upload_unknown'))
    })

    test('what has fewer bytes, or is not there, cannot be cut', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(30))
      await assert.rejects(spool.cut(id, 31), codeIs('upload_unknown'))
      await assert.rejects(spool.cut(newUploadId(), 30), codeIs('upload_unknown'))
    })

    test('what was flushed beyond the offset is dropped though nothing comes', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes)
      await append(spool, id, 30, someBytes(20))
      {
        await using _ = await spool.resume(id, 30, 0)
      }

      assert.equal(spool.usage().usedBytes, 30)
      assert.deepEqual(await uploadedBytes(spool, id), bytes)
      await spool.seal(id, layerOf(bytes))
      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    })

    test('a resumed writer that is closed keeps what was there before and what it flushed', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes.subarray(0, 10))
      {
        await using writer = await spool.resume(id, 10, 100)
        await writer.write(bytes.subarray(10))
        await writer.flush()
        await writer.write(someBytes(5))
      }
      {
        await using writer = await spool.resume(id, 30, 0)
        await writer.write(someBytes(5))
      }

      assert.equal(spool.usage().usedBytes, 30)
      assert.deepEqual(await uploadedBytes(spool, id), bytes)
    })

    test('a resumed upload may be sealed while its writer is open', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes.subarray(0, 10))
      await using writer = await spool.resume(id, 10, 100)
      await writer.write(bytes.subarray(10))
      await writer.flush()
      await writer.write(someBytes(5))
      await spool.seal(id, layerOf(bytes))

      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('a resumed upload is sealed at the size that it has, and at no other', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes.subarray(0, 10))
      await append(spool, id, 10, bytes.subarray(10))
      const layer = layerOf(bytes)
      await assert.rejects(spool.seal(id, { ...layer, sizeBytes: 20 }), /30 are stored|Stored 30/)

      await spool.seal(id, layer)
      assert.deepEqual(await spool.find(layer.digest), layer)
    })

    test('an upload may begin again, whatever is there of it', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(50))
      await append(spool, id, 0, bytes)

      assert.equal(spool.usage().usedBytes, 30)
      await spool.seal(id, layerOf(bytes))
      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    })

    test('an upload with fewer bytes than the offset is unknown, and stays as it is', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes)
      await assert.rejects(spool.resume(id, 31, 10), codeIs('upload_unknown'))
      assert.equal(spool.usage().usedBytes, 30)

      await append(spool, id, 30, someBytes(1))
      assert.equal(spool.usage().usedBytes, 31)
    })

    test('an upload of which nothing is there is unknown, unless it begins', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      await assert.rejects(spool.resume(id, 1, 10), codeIs('upload_unknown'))
      await assert.rejects(spool.openUpload(id), codeIs('upload_unknown'))
      assert.equal(spool.usage().usedBytes, 0)
      await append(spool, id, 0, someBytes(10))
      await spool.discard(id)

      await assert.rejects(spool.resume(id, 10, 0), codeIs('upload_unknown'))
      await assert.rejects(spool.openUpload(id), codeIs('upload_unknown'))
    })

    test('a sealed upload is unknown at any offset, and its layer stays', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes)
      await spool.seal(id, layerOf(bytes))

      for (const offsetBytes of [0, 10, 30]) {
        await assert.rejects(spool.resume(id, offsetBytes, 1), codeIs('upload_unknown'))
      }
      await assert.rejects(spool.openUpload(id), codeIs('upload_unknown'))
      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('an upload that is being written is neither resumed nor read, and its writer goes on', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(10))
      await using writer = await spool.resume(id, 10, 20)

      for (const offsetBytes of [0, 10]) {
        await assert.rejects(spool.resume(id, offsetBytes, 0), /is being written/)
      }
      await assert.rejects(spool.openUpload(id), /is being written/)
      await writer.write(someBytes(20))
      assert.equal(await writer.flush(), 30)
    })
  })
}
