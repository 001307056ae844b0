import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { SealedLayer, Spool } from '../../../src/layers/spool.ts'
import { newUploadId } from '../../../src/registry/upload-id.ts'
import { condemnLayer } from '../../support/layers.ts'
import { layerOf, someBytes, store, storedBytes, upload } from '../support/layers.ts'

export type OpenSpool = (t: TestContext, capacityBytes: number) => Promise<Spool>

const never = new AbortController().signal
const yes = async () => true

/** What every engine of the `Spool` port does. */
export function spoolContract(engine: string, open: OpenSpool): void {
  describe(`Spool: ${engine}`, () => {
    test('sealed bytes are found and read as they were written', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(100)
      const layer = await store(spool, bytes)

      assert.deepEqual(await spool.find(layer.digest), layer)
      assert.deepEqual(await storedBytes(spool, layer), bytes)
    })

    test('bytes that were not sealed are not found', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(100)
      await upload(spool, newUploadId(), bytes)

      assert.equal(await spool.find(layerOf(bytes).digest), undefined)
      await assert.rejects(spool.open(layerOf(bytes).digest), { code: 'spool_damaged' })
    })

    test('flush returns how many bytes were written in all', async (t) => {
      const spool = await open(t, 1000)
      await using writer = await spool.create(newUploadId(), 0)

      assert.equal(await writer.flush(), 0)
      await writer.write(someBytes(10))
      await writer.write(someBytes(0))
      await writer.write(someBytes(20))
      assert.equal(await writer.flush(), 30)
      await writer.write(someBytes(1))
      assert.equal(await writer.flush(), 31)
    })

    test('what was written is not changed by what becomes of its memory', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(100)
      const id = newUploadId()
      {
        await using writer = await spool.create(id, 0)
        const chunk = Buffer.from(bytes)
        await writer.write(chunk)
        chunk.fill(0)
        await writer.flush()
      }

      await spool.seal(id, layerOf(bytes))
      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    })

    test('a closed writer keeps what was flushed and nothing else', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      {
        await using writer = await spool.create(id, 100)
        await writer.write(bytes)
        await writer.flush()
        await writer.write(someBytes(5))
      }

      assert.equal(spool.usage().usedBytes, 30)
      await spool.seal(id, layerOf(bytes))
      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    })

    test('a closed writer takes nothing any more', async (t) => {
      const spool = await open(t, 1000)
      const writer = await spool.create(newUploadId(), 0)
      await writer[Symbol.asyncDispose]()
      await writer[Symbol.asyncDispose]()

      await assert.rejects(writer.write(someBytes(1)), /closed/)
      await assert.rejects(writer.flush(), /closed/)
      await assert.rejects(writer.reserve(1), /closed/)
    })

    test('an upload may be sealed while its writer is open', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await using writer = await spool.create(id, 100)
      await writer.write(bytes)
      await writer.flush()
      await spool.seal(id, layerOf(bytes))

      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    })

    test('sealing fails when the stored size is not that of the layer', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await upload(spool, id, bytes)
      const layer = layerOf(bytes)

      await assert.rejects(spool.seal(id, { ...layer, sizeBytes: 31 }), /30 are stored|Stored 30/)
      assert.equal(await spool.find(layer.digest), undefined)
      await spool.seal(id, layer)
      assert.deepEqual(await spool.find(layer.digest), layer)
    })

    test('sealing an unknown upload fails', async (t) => {
      const spool = await open(t, 1000)
      await assert.rejects(spool.seal(newUploadId(), layerOf(someBytes(1))), Error)
    })

    test('sealing one upload twice, even at once, is sealing it once', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await upload(spool, id, bytes)
      const layer = layerOf(bytes)
      await Promise.all([spool.seal(id, layer), spool.seal(id, layer)])
      await spool.seal(id, layer)

      assert.deepEqual(await storedBytes(spool, layer), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('of two uploads of one layer, sealed at once, the bytes are kept once', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layers = await Promise.all([store(spool, bytes), store(spool, bytes)])

      assert.deepEqual(await storedBytes(spool, layers[0]), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('sealing an upload that was never there fails, though the layer is there', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = await store(spool, bytes)
      const id = newUploadId()
      await assert.rejects(spool.seal(id, layer), Error)
      await upload(spool, id, bytes)
      await spool.discard(id)

      await assert.rejects(spool.seal(id, layer), Error)
      assert.deepEqual(await storedBytes(spool, layer), bytes)
    })

    test('a layer that is sealed again has the newer bytes', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = await storeDamaged(spool, bytes)
      const id = newUploadId()
      await upload(spool, id, bytes)
      await spool.seal(id, layer)
      await spool.seal(id, layer)

      assert.deepEqual(await storedBytes(spool, layer), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('sealing an upload fails once the bytes of another took the place of its own', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await upload(spool, id, bytes)
      await spool.seal(id, layerOf(bytes))
      await using _ = await spool.open(layerOf(bytes).digest)
      const layer = await store(spool, bytes)

      await assert.rejects(spool.seal(id, layer), Error)
      assert.deepEqual(await storedBytes(spool, layer), bytes)
    })

    test('a layer that could not be sealed again has the older bytes', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = await store(spool, bytes)
      const id = newUploadId()
      await upload(spool, id, someBytes(29))
      await assert.rejects(spool.seal(id, layer), Error)
      await spool.discard(id)

      assert.deepEqual(await storedBytes(spool, layer), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('a sealing that fails does not fail another of the same layer', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = layerOf(bytes)
      const [bad, good] = [newUploadId(), newUploadId()]
      await upload(spool, bad, someBytes(29))
      await upload(spool, good, bytes)
      const refused = assert.rejects(spool.seal(bad, layer), Error)
      await spool.seal(good, layer)

      await refused
      assert.deepEqual(await storedBytes(spool, layer), bytes)
    })

    test('sealing a layer again spends the upload', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await store(spool, bytes)
      await upload(spool, id, bytes)
      await spool.seal(id, layerOf(bytes))
      await spool.discard(id)

      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('a discarded upload leaves nothing behind', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      await upload(spool, id, someBytes(30))
      await spool.discard(id)
      await spool.discard(id)

      assert.equal(spool.usage().usedBytes, 0)
    })

    test('an upload can be discarded while its writer is open', async (t) => {
      const spool = await open(t, 1000)
      const id = newUploadId()
      const writer = await spool.create(id, 100)
      await writer.write(someBytes(30))
      await writer.flush()
      await spool.discard(id)
      await writer[Symbol.asyncDispose]()

      assert.equal(spool.usage().usedBytes, 0)
    })

    test('discarding a sealed upload changes nothing', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const id = newUploadId()
      await upload(spool, id, bytes)
      await spool.seal(id, layerOf(bytes))
      await spool.discard(id)

      assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    })

    test('a dropped layer is gone, and can be stored again', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = await store(spool, bytes)
      await condemnLayer(spool, layer.digest)
      await condemnLayer(spool, layer.digest)

      assert.equal(await spool.find(layer.digest), undefined)
      assert.equal(spool.usage().usedBytes, 0)
      assert.deepEqual(await storedBytes(spool, await store(spool, bytes)), bytes)
    })

    test('who reads a layer reads it to the end, though it is dropped', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = await store(spool, bytes)
      const target = Buffer.alloc(30)
      {
        await using reader = await spool.open(layer.digest)
        await condemnLayer(spool, layer.digest)
        assert.equal(await reader.read(target, 0), 30)
      }

      assert.deepEqual(target, bytes)
      assert.equal(spool.usage().usedBytes, 0)
    })

    test('who reads a layer reads the older bytes to the end, though it is sealed again', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = await storeDamaged(spool, bytes)
      const target = Buffer.alloc(30)
      {
        await using reader = await spool.open(layer.digest)
        await store(spool, bytes)
        assert.equal(await reader.read(target, 0), 30)
        assert.deepEqual(await storedBytes(spool, layer), bytes)
      }

      assert.deepEqual(target, damaged(bytes))
      assert.deepEqual(await storedBytes(spool, layer), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('a read is short only at the end of the layer', async (t) => {
      const spool = await open(t, 1000)
      const bytes = someBytes(30)
      const layer = await store(spool, bytes)
      await using reader = await spool.open(layer.digest)
      const target = Buffer.alloc(20)

      assert.equal(reader.sizeBytes, 30)
      assert.equal(await reader.read(target, 0), 20)
      assert.deepEqual(target, bytes.subarray(0, 20))
      assert.equal(await reader.read(target, 20), 10)
      assert.deepEqual(target.subarray(0, 10), bytes.subarray(20))
      assert.equal(await reader.read(target, 30), 0)
    })

    test('reserved bytes count as used, up to the last byte of the capacity', async (t) => {
      const spool = await open(t, 100)
      await using writer = await spool.create(newUploadId(), 60)
      assert.deepEqual(spool.usage(), { usedBytes: 60, capacityBytes: 100 })

      await assert.rejects(spool.create(newUploadId(), 41), { code: 'spool_full' })
      assert.equal(spool.usage().usedBytes, 60)
      await using other = await spool.create(newUploadId(), 40)
      assert.equal(spool.usage().usedBytes, 100)
      await assert.rejects(other.reserve(1), { code: 'spool_full' })
      await writer.write(someBytes(60))
      assert.equal(await writer.flush(), 60)
    })

    test('a failed reservation changes nothing about the writer', async (t) => {
      const spool = await open(t, 100)
      await using writer = await spool.create(newUploadId(), 10)
      await assert.rejects(writer.reserve(91), { code: 'spool_full' })

      await writer.reserve(90)
      assert.equal(spool.usage().usedBytes, 100)
      await writer.write(someBytes(100))
      assert.equal(await writer.flush(), 100)
    })

    test('a reservation goes beyond what was written', async (t) => {
      const spool = await open(t, 1000)
      await using writer = await spool.create(newUploadId(), 10)
      await writer.write(someBytes(30))
      await writer.reserve(50)
      await writer.flush()

      assert.equal(spool.usage().usedBytes, 80)
    })

    test('bytes beyond the capacity are refused', async (t) => {
      const spool = await open(t, 100)
      const id = newUploadId()
      const writer = await spool.create(id, 0)
      const overflow = async () => {
        await writer.write(someBytes(101))
        await writer.flush()
      }

      await assert.rejects(overflow(), { code: 'spool_full' })
      await spool.discard(id)
      assert.equal(spool.usage().usedBytes, 0)
    })

    test('evict removes the oldest layers, as many as it takes', async (t) => {
      const spool = await open(t, 100)
      const oldest = await store(spool, someBytes(30))
      const older = await store(spool, someBytes(30))
      const newest = await store(spool, someBytes(30))

      assert.equal(await spool.evict(50, yes), 60)
      assert.equal(await spool.find(oldest.digest), undefined)
      assert.equal(await spool.find(older.digest), undefined)
      assert.deepEqual(await spool.find(newest.digest), newest)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('a layer that is sealed again is the newest', async (t) => {
      const spool = await open(t, 100)
      const bytes = someBytes(30)
      const sealedAgain = await store(spool, bytes)
      const oldest = await store(spool, someBytes(30))
      await store(spool, bytes)

      assert.equal(await spool.evict(70, yes), 30)
      assert.equal(await spool.find(oldest.digest), undefined)
      assert.deepEqual(await spool.find(sealedAgain.digest), sealedAgain)
    })

    test('evict removes nothing when enough is free', async (t) => {
      const spool = await open(t, 100)
      await store(spool, someBytes(30))

      assert.equal(await spool.evict(70, yes), 0)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('evict passes over layers that may not go', async (t) => {
      const spool = await open(t, 100)
      const owed = await store(spool, someBytes(30))
      const other = await store(spool, someBytes(30))

      assert.equal(await spool.evict(100, async (digest) => digest !== owed.digest), 30)
      assert.deepEqual(await spool.find(owed.digest), owed)
      assert.equal(await spool.find(other.digest), undefined)
    })

    test('evict passes over layers that are being read', async (t) => {
      const spool = await open(t, 100)
      const layer = await store(spool, someBytes(30))
      {
        await using _ = await spool.open(layer.digest)
        assert.equal(await spool.evict(100, yes), 0)
      }

      assert.deepEqual(await spool.find(layer.digest), layer)
      assert.equal(await spool.evict(100, yes), 30)
    })

    test('evict passes over a layer whose reading begins while it asks', async (t) => {
      const spool = await open(t, 100)
      const bytes = someBytes(30)
      const layer = await store(spool, bytes)
      const readers = new AsyncDisposableStack()
      t.after(() => readers.disposeAsync())
      const freedBytes = await spool.evict(100, async (digest) => {
        readers.use(await spool.open(digest))
        return true
      })

      assert.equal(freedBytes, 0)
      assert.deepEqual(await storedBytes(spool, layer), bytes)
    })

    test('a layer that is sealed again while it is evicted is there afterwards', async (t) => {
      const spool = await open(t, 100)
      const bytes = someBytes(30)
      const id = newUploadId()
      const layer = await store(spool, bytes)
      await upload(spool, id, bytes)
      let sealed: Promise<void> | undefined
      await spool.evict(100, async () => {
        sealed ??= spool.seal(id, layer)
        // Long enough for the sealing to end, if it did not wait for the answer.
        for (let times = 0; times < 200; times += 1) await spool.find(layer.digest)
        return true
      })
      await sealed

      assert.deepEqual(await storedBytes(spool, layer), bytes)
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('who waits for room hears of a discarded upload', async (t) => {
      const spool = await open(t, 100)
      const id = newUploadId()
      await upload(spool, id, someBytes(30))
      const freed = spool.freed(never)
      await spool.discard(id)

      await freed
    })

    test('who waits for room hears of a layer that was sealed again', async (t) => {
      const spool = await open(t, 100)
      const bytes = someBytes(30)
      const layer = await store(spool, bytes)
      const id = newUploadId()
      await upload(spool, id, bytes)
      const freed = spool.freed(never)
      await spool.seal(id, layer)

      await freed
      assert.equal(spool.usage().usedBytes, 30)
    })

    test('who waits for room hears of a reservation that was not needed', async (t) => {
      const spool = await open(t, 100)
      const writer = await spool.create(newUploadId(), 30)
      const freed = spool.freed(never)
      await writer[Symbol.asyncDispose]()

      await freed
      assert.equal(spool.usage().usedBytes, 0)
    })

    test('an abort ends the wait for room', async (t) => {
      const spool = await open(t, 100)
      const reason = new Error('gone')
      const leaving = new AbortController()
      const freed = spool.freed(leaving.signal)
      leaving.abort(reason)

      await assert.rejects(freed, reason)
      await assert.rejects(spool.freed(AbortSignal.abort(reason)), reason)
    })
  })
}

function damaged(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ 1))
}

/** Seals a layer whose bytes are not those of its digest, as if they had changed since. */
async function storeDamaged(spool: Spool, bytes: Buffer): Promise<SealedLayer> {
  const id = newUploadId()
  await upload(spool, id, damaged(bytes))
  await spool.seal(id, layerOf(bytes))
  return layerOf(bytes)
}
