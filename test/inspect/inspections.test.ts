import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { defaultLimits } from '../../src/inspect/limits.ts'
import { createInspections, type InspectionsOptions } from '../../src/inspect/thread/inspections.ts'
import { newUploadId, type UploadId } from '../../src/registry/upload-id.ts'
import { tarOf } from '../support/archives.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { until } from '../support/until.ts'
import { handMadeFrame, rawBlock } from './support/zstd-frames.ts'

const tar = tarOf({ 'usr/bin/tool': layerBytes(3_000_000) })
const gzip = gzipSync(tar)

async function inspecting(t: TestContext, options: Partial<InspectionsOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'inspections-'))
  t.after(() => rm(folder, { recursive: true }))
  const positions = new Map<UploadId, number>()
  const inspections = createInspections({
    limits: defaultLimits,
    onProgress: (id, positionBytes) => positions.set(id, positionBytes),
    ...options,
  })
  return {
    ...inspections,
    positions,
    /** An upload that has come so far. */
    async upload(bytes: Uint8Array) {
      const id = newUploadId()
      const path = join(folder, id)
      await writeFile(path, bytes)
      return { id, path }
    },
    untilAt: (id: UploadId, positionBytes: number) =>
      until(`it is at ${positionBytes}`, () => positions.get(id) === positionBytes),
  }
}

test('an upload is followed while it grows, and needs little at its end', async (t) => {
  const { upload, follow, inspect, untilAt } = await inspecting(t)
  const { id, path } = await upload(gzip.subarray(0, 1_500_000))
  follow(id, path)
  await untilAt(id, 1_500_000)
  await appendFile(path, gzip.subarray(1_500_000))
  follow(id, path)
  await untilAt(id, gzip.length)
  const { diffId, flaw } = await inspect(id, path, gzip.length)
  assert.deepEqual([diffId, flaw], [digestOf(tar), undefined])
})

test('an upload that was never followed is inspected from its first byte', async (t) => {
  const { upload, inspect } = await inspecting(t)
  const { id, path } = await upload(gzip)
  assert.equal((await inspect(id, path, gzip.length)).diffId, digestOf(tar))
})

test('what was forgotten is inspected from its first byte, which may be another', async (t) => {
  const { upload, follow, forget, inspect, untilAt } = await inspecting(t)
  const { id, path } = await upload(layerBytes(1_000_000))
  follow(id, path)
  await untilAt(id, Infinity)
  forget(id)
  await writeFile(path, gzip)
  assert.equal((await inspect(id, path, gzip.length)).diffId, digestOf(tar))
})

test('opaque bytes are not read further than one has to', async (t) => {
  const { upload, follow, untilAt } = await inspecting(t)
  const { id, path } = await upload(layerBytes(1_000_000))
  follow(id, path)
  await untilAt(id, Infinity)
})

test('of too many uploads the one that grew the longest time ago waits for its end', async (t) => {
  const { upload, follow, inspect, untilAt } = await inspecting(t, { maxFollowed: 2 })
  const uploads = await Promise.all([gzip, gzip, gzip].map((bytes) => upload(bytes)))
  const [first, second, third] = uploads
  assert.ok(first && second && third)
  for (const { id, path } of [first, second]) {
    follow(id, path)
    await untilAt(id, gzip.length)
  }
  follow(first.id, first.path)
  follow(third.id, third.path)
  await untilAt(second.id, Infinity)
  await untilAt(third.id, gzip.length)
  for (const { id, path } of uploads) {
    assert.equal((await inspect(id, path, gzip.length)).diffId, digestOf(tar))
  }
})

test('an upload that cannot be read holds nobody up, and says why at its end', async (t) => {
  const { follow, inspect, untilAt } = await inspecting(t)
  const id = newUploadId()
  follow(id, '/nowhere')
  await untilAt(id, Infinity)
  await assert.rejects(inspect(id, '/nowhere', 1), { code: 'ENOENT' })
})

test('many are inspected at once, each as if it was alone', async (t) => {
  const { upload, follow, inspect } = await inspecting(t)
  const layers = Array.from({ length: 20 }, (_, seed) => tarOf({ a: layerBytes(200_000, seed) }))
  const found = await Promise.all(
    layers.map(async (layer) => {
      const bytes = gzipSync(layer)
      const { id, path } = await upload(bytes)
      follow(id, path)
      return (await inspect(id, path, bytes.length)).diffId
    }),
  )
  assert.deepEqual(found, layers.map(digestOf))
})

const text = Buffer.alloc(1024, 'a')

/** @param descriptor 0x78 stands for 32 MiB, 0x80 for 64 MiB (RFC 8878, 3.1.1.1.2) */
function frameOfWindow(descriptor: number): Buffer {
  return handMadeFrame({ header: [0x00, descriptor], blocks: [rawBlock(text)] })
}

test('zstd layers whose windows are too much together are inspected at their end', async (t) => {
  const { upload, follow, inspect, untilAt } = await inspecting(t)
  const bytes = frameOfWindow(0x78)
  const uploads = await Promise.all(Array.from({ length: 6 }, () => upload(bytes)))
  for (const [index, { id, path }] of uploads.entries()) {
    follow(id, path)
    // Four of 32 MiB are within the 128 MiB.
    await untilAt(id, index < 4 ? bytes.length : Infinity)
  }
  for (const { id, path } of uploads) {
    const { diffId } = await inspect(id, path, bytes.length)
    assert.equal(diffId, digestOf(text))
  }
})

test('a zstd layer with a window too large to be followed is inspected at its end', async (t) => {
  const { upload, follow, inspect, untilAt } = await inspecting(t)
  const bytes = frameOfWindow(0x80)
  const { id, path } = await upload(bytes)
  follow(id, path)
  await untilAt(id, Infinity)
  assert.equal((await inspect(id, path, bytes.length)).unexamined, undefined)
})

test('what is forgotten while it is inspected at its end is given up, and keeps nobody waiting', async (t) => {
  const { upload, inspect, forget } = await inspecting(t)
  const bytes = frameOfWindow(0x80)
  const slow = await Promise.all(Array.from({ length: 3 }, () => upload(gzip)))
  const looks = slow.map(({ id, path }) => inspect(id, path, gzip.length))
  for (const { id } of slow) forget(id)
  const ends = await Promise.allSettled(looks)
  assert.deepEqual(new Set(ends.map(({ status }) => status)), new Set(['rejected']))
  const { id, path } = await upload(bytes)
  assert.equal((await inspect(id, path, bytes.length)).unexamined, undefined)
})
