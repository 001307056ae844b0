import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { SpoolWriter } from '../../src/layers/spool.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { newUploadId, type UploadId } from '../../src/registry/upload-id.ts'
import type { EmbeddedStorage } from '../../src/storage/embedded.ts'
import { layerOf, someBytes, store } from './support/layers.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'
import { condemnLayer } from '../support/layers.ts'

const capacityBytes = 100_000

type Step =
  | { readonly type: 'create'; readonly reserveBytes: number }
  | {
      readonly type: 'resume'
      readonly upload: number
      readonly share: number
      readonly reserveBytes: number
    }
  | { readonly type: 'write'; readonly upload: number; readonly sizeBytes: number }
  | { readonly type: 'flush' | 'close' | 'seal' | 'discard'; readonly upload: number }
  | { readonly type: 'drop'; readonly upload: number }
  | { readonly type: 'evict'; readonly bytes: number }

const upload = fc.nat(5)
const size = fc.oneof(fc.nat(100), fc.nat(capacityBytes))
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('create' as const), reserveBytes: size }),
  fc.record({
    type: fc.constant('resume' as const),
    upload,
    share: fc.constantFrom(0, 0.5, 1),
    reserveBytes: size,
  }),
  fc.record({ type: fc.constant('write' as const), upload, sizeBytes: size }),
  fc.record({ type: fc.constantFrom('flush', 'close', 'seal', 'discard'), upload }),
  fc.record({ type: fc.constant('drop' as const), upload }),
  fc.record({ type: fc.constant('evict' as const), bytes: size }),
)

const refusals: ReadonlySet<unknown> = new Set(['spool_full', 'upload_unknown'])

interface Upload {
  readonly id: UploadId
  writer: SpoolWriter
  bytes: Buffer
  flushedBytes: number
}

/** Takes steps as a careless caller would: what may be refused is refused, nothing else. */
function steps(storage: EmbeddedStorage) {
  const { spool } = storage
  const uploads: Upload[] = []

  async function take(taken: Step): Promise<void> {
    if (taken.type === 'create') {
      const id = newUploadId()
      const writer = await spool.create(id, taken.reserveBytes)
      uploads.unshift({ id, writer, bytes: Buffer.alloc(0), flushedBytes: 0 })
      return
    }
    if (taken.type === 'evict') {
      await spool.evict(taken.bytes, async () => true)
      return
    }
    const target = uploads[taken.upload]
    if (!target) return
    const flushed = target.bytes.subarray(0, target.flushedBytes)
    switch (taken.type) {
      case 'resume': {
        const offsetBytes = Math.floor(target.flushedBytes * taken.share)
        target.writer = await spool.resume(target.id, offsetBytes, taken.reserveBytes)
        target.bytes = target.bytes.subarray(0, offsetBytes)
        target.flushedBytes = offsetBytes
        break
      }
      case 'write':
        // Few different contents, so that layers are sealed again.
        await target.writer.write(Buffer.alloc(taken.sizeBytes, 'x'))
        target.bytes = Buffer.concat([target.bytes, Buffer.alloc(taken.sizeBytes, 'x')])
        break
      case 'flush':
        target.flushedBytes = await target.writer.flush()
        break
      case 'close':
        await target.writer[Symbol.asyncDispose]()
        break
      case 'seal':
        await spool.seal(target.id, layerOf(flushed))
        break
      case 'discard':
        await spool.discard(target.id)
        break
      case 'drop':
        await condemnLayer(spool, layerOf(flushed).digest)
        break
    }
  }

  return {
    async take(taken: Step): Promise<void> {
      try {
        await take(taken)
      } catch (error) {
        const isRefusal =
          (error instanceof LayergateError && refusals.has(error.code)) ||
          (error instanceof Error &&
            /closed|does not hold the bytes|is being written/.test(error.message))
        if (!isRefusal) throw error
      }
    },
    async closeAll(): Promise<void> {
      for (const { writer } of uploads) await writer[Symbol.asyncDispose]()
    },
  }
}

async function bytesOnDisk(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size)
  return (await Promise.all(sizes)).reduce((sum, sizeBytes) => sum + sizeBytes, 0)
}

test('whatever is done, what counts as used is what lies on the disk, and never exceeds the capacity', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (sequence) => {
      const dataDir = await temporaryFolder(t)
      const storage = await openStorage(t, { dataDir, capacityBytes })
      const { take, closeAll } = steps(storage)
      for (const taken of sequence) {
        await take(taken)
        const { usedBytes } = storage.spool.usage()
        assert(usedBytes >= 0 && usedBytes <= capacityBytes)
      }
      await closeAll()

      assert.equal(storage.spool.usage().usedBytes, await bytesOnDisk(join(dataDir, 'uploads')))
      await storage.close()
    }),
    { numRuns: 40 },
  )
})

test('the older file of a layer that was sealed again stays, and counts, until its readers are done', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { spool } = await openStorage(t, { dataDir })
  const uploads = join(dataDir, 'uploads')
  const bytes = someBytes(100)
  const { digest } = await store(spool, bytes)
  const [first, second] = [await spool.open(digest), await spool.open(digest)]
  await store(spool, bytes)
  await first[Symbol.asyncDispose]()
  assert.equal(spool.usage().usedBytes, 200)
  assert.equal(await bytesOnDisk(uploads), 200)

  const freed = spool.freed(new AbortController().signal)
  await second[Symbol.asyncDispose]()
  await freed
  assert.equal(spool.usage().usedBytes, 100)
  assert.equal(await bytesOnDisk(uploads), 100)
})
