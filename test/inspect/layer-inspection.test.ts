import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { createLayerInspection } from '../../src/inspect/layer-inspection.ts'
import { defaultLimits, type InspectionLimits } from '../../src/inspect/limits.ts'
import type { Findings } from '../../src/registry/findings.ts'
import { flipped, tarOf } from '../support/archives.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

const tar = tarOf({ 'etc/motd': 'hello', 'usr/bin/tool': layerBytes(5000) })
const page = Buffer.from('\n<!DOCTYPE html><html><body>503 Service Unavailable</body></html>')
const mebibyte = 1024 * 1024

async function inspect(
  chunks: readonly Uint8Array[],
  limits: Partial<InspectionLimits> = {},
): Promise<Findings> {
  using inspection = createLayerInspection({ ...defaultLimits, ...limits })
  for (const chunk of chunks) await inspection.write(chunk)
  return await inspection.end()
}

for (const [what, bytes, expected] of [
  ['a tar archive', tar, { compression: 'none', contents: 'tar', entries: 2 }],
  [
    'a gzip of a tar archive',
    gzipSync(tar),
    { compression: 'gzip', contents: 'tar', entries: 2, diffId: digestOf(tar) },
  ],
  [
    'a zstd of a tar archive',
    zstdCompressSync(tar),
    { compression: 'zstd', contents: 'tar', entries: 2, diffId: digestOf(tar) },
  ],
  ['a page', page, { compression: 'none', contents: 'html' }],
  [
    'a gzip of a page',
    gzipSync(page),
    { compression: 'gzip', contents: 'html', diffId: digestOf(page) },
  ],
  ['base64', Buffer.from(tar.toString('base64')), { compression: 'none', contents: 'base64' }],
  ['a text', Buffer.from('hello, layer'), { compression: 'none', contents: 'opaque' }],
  ['a byte', Buffer.from([0x1f]), { compression: 'none', contents: 'opaque' }],
  [
    'a gzip of nothing',
    gzipSync(''),
    { compression: 'gzip', contents: 'empty', diffId: digestOf(Buffer.alloc(0)) },
  ],
] as const) {
  test(`${what} is found to be that, however it is cut`, async () => {
    const whole = await inspect([bytes])
    const { inflatedBytes: _, ...found } = whole
    assert.deepEqual(found, expected)
    const cuts = fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const ends = [...new Set([...places, bytes.length])].toSorted((a, b) => a - b)
        const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
        assert.deepEqual(await inspect(chunks), whole)
      }),
      { numRuns: 30 },
    )
  })
}

test('the caller may use its chunks again', async () => {
  using inspection = createLayerInspection(defaultLimits)
  const buffer = Buffer.alloc(3)
  for (let offset = 0; offset < tar.length; offset += 3) {
    const length = tar.copy(buffer, 0, offset, offset + 3)
    await inspection.write(buffer.subarray(0, length))
    buffer.fill(0xff)
  }
  const { contents, flaw } = await inspection.end()
  assert.deepEqual([contents, flaw], ['tar', undefined])
})

test('of what is broken twice the compression is told: what lies inside of it was hit as well', async () => {
  const gzip = gzipSync(tar, { level: 0 })
  const { flaw, diffId } = await inspect([flipped(gzip, 30)])
  assert.equal(flaw?.cause, 'malformed_gzip')
  assert.equal(diffId, undefined)
})

test('a tar archive that is broken inside of a sound compression has its diff_id', async () => {
  const broken = flipped(tar, 3)
  const { flaw, diffId } = await inspect([gzipSync(broken)])
  assert.equal(flaw?.cause, 'malformed_tar')
  assert.equal(diffId, digestOf(broken))
})

for (const [limit, bytes, limits] of [
  ['bytes', gzipSync(Buffer.alloc(1000)), { maxInflatedBytes: 999 }],
  ['entries', gzipSync(tar), { maxEntries: 1 }],
  ['entries', tar, { maxEntries: 1 }],
  ['ratio', gzipSync(Buffer.alloc(65 * mebibyte)), { maxRatio: 100 }],
] as const) {
  test(`beyond the limit of ${limit} a layer is unexamined, and not broken: ${bytes.length}`, async () => {
    const { unexamined, flaw, diffId } = await inspect([bytes], limits)
    assert.deepEqual([unexamined, flaw, diffId], [limit, undefined, undefined])
  })
}

test('a high ratio does no harm as long as there is little of it', async () => {
  const { unexamined } = await inspect([gzipSync(Buffer.alloc(mebibyte))], { maxRatio: 100 })
  assert.equal(unexamined, undefined)
})

test('opaque bytes need not be read to their end, compressed ones must be', async () => {
  using opaque = createLayerInspection(defaultLimits)
  await opaque.write(layerBytes(600))
  assert.equal(opaque.isDecided, true)
  using compressed = createLayerInspection(defaultLimits)
  await compressed.write(gzipSync(layerBytes(600)).subarray(0, 500))
  assert.equal(compressed.isDecided, false)
})

test('of zeros nothing is known before their end, however they are cut', async () => {
  const zeros = Buffer.alloc(10_240)
  for (const cut of [512, 600, 4096]) {
    const { contents } = await inspect([zeros.subarray(0, cut), zeros.subarray(cut)])
    assert.equal(contents, 'tar')
  }
  const { contents } = await inspect([Buffer.alloc(300 * 1024), Buffer.from([1])])
  assert.equal(contents, 'opaque')
})
