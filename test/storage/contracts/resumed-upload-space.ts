import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newUploadId } from '../../../src/registry/upload-id.ts'
import { codeIs } from '../../support/code-is.ts'
import { append, someBytes, store, uploadedBytes } from '../support/layers.ts'
import type { OpenSpool } from './spool.ts'

const never = new AbortController().signal

/** How every engine of the `Spool` port accounts for uploads that come in several requests. */
export function resumedUploadSpaceContract(engine: string, open: OpenSpool): void {
  describe(`Spool, room of resumed uploads: ${engine}`, () => {
    test('what a resumed writer reserves counts beside what is there, until it is closed', async (t) => {
      const spool = await open(t, 100)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(30))
      {
        await using writer = await spool.resume(id, 30, 60)
        assert.equal(spool.usage().usedBytes, 90)
        await writer.reserve(10)
        assert.equal(spool.usage().usedBytes, 100)
        await assert.rejects(writer.reserve(1), codeIs('spool_full'))
        await writer.write(someBytes(70))
        assert.equal(await writer.flush(), 100)
      }

      assert.equal(spool.usage().usedBytes, 100)
    })

    test('an upload for whose rest there is no room stays as it is', async (t) => {
      const spool = await open(t, 100)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes)
      await assert.rejects(spool.resume(id, 30, 71), codeIs('spool_full'))
      assert.equal(spool.usage().usedBytes, 30)
      assert.deepEqual(await uploadedBytes(spool, id), bytes)

      await append(spool, id, 30, someBytes(70))
      assert.equal(spool.usage().usedBytes, 100)
    })

    test('the room of what is dropped is there for what comes', async (t) => {
      const spool = await open(t, 100)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(100))
      assert.equal(await append(spool, id, 20, someBytes(80)), 100)
      assert.equal(await append(spool, id, 0, someBytes(100)), 100)

      assert.equal(spool.usage().usedBytes, 100)
      await assert.rejects(spool.resume(id, 20, 81), codeIs('spool_full'))
      assert.equal(spool.usage().usedBytes, 100)
    })

    test('a chunk beyond the capacity is refused, and what was there before stays', async (t) => {
      const spool = await open(t, 100)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes)
      {
        await using writer = await spool.resume(id, 30, 0)
        const overflow = async () => {
          await writer.write(someBytes(71))
          await writer.flush()
        }
        await assert.rejects(overflow(), codeIs('spool_full'))
      }

      assert.equal(spool.usage().usedBytes, 30)
      assert.equal(await append(spool, id, 30, someBytes(70)), 100)
    })

    test('who waits for room hears of bytes that were dropped', async (t) => {
      const spool = await open(t, 100)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(100))
      const freed = spool.freed(never)
      await using _ = await spool.resume(id, 20, 70)

      await freed
      assert.equal(spool.usage().usedBytes, 90)
    })

    test('a resumed upload is discarded with all its bytes, though its writer is open', async (t) => {
      const spool = await open(t, 100)
      const id = newUploadId()
      await append(spool, id, 0, someBytes(30))
      const writer = await spool.resume(id, 30, 60)
      await writer.write(someBytes(10))
      await writer.flush()
      await spool.discard(id)
      await writer[Symbol.asyncDispose]()

      assert.equal(spool.usage().usedBytes, 0)
      await assert.rejects(spool.resume(id, 30, 0), codeIs('upload_unknown'))
    })

    test('an unfinished upload is not evicted', async (t) => {
      const spool = await open(t, 100)
      const bytes = someBytes(30)
      const id = newUploadId()
      await append(spool, id, 0, bytes)
      await store(spool, someBytes(30))
      assert.equal(await spool.evict(100, async () => true), 30)

      assert.deepEqual(await uploadedBytes(spool, id), bytes)
    })
  })
}
