import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { completed, inspectFile } from '../../../src/inspect/inspect-file.ts'
import { createLayerInspection } from '../../../src/inspect/layer-inspection.ts'
import { defaultLimits } from '../../../src/inspect/limits.ts'
import type { Findings } from '../../../src/registry/findings.ts'
import { arbitraryDamage, damagedLayer } from './support/arbitrary-layers.ts'
import { compressions } from './support/seed-layers.ts'
import { seedTars } from './support/seed-tars.ts'
import { assertSound } from './support/sound-findings.ts'

/** Where a layer is cut into writes, in permille of its length; close to each other at its start and its end. */
const cuts = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 1000 }),
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 980, max: 1000 }),
  ),
  { maxLength: 16 },
)

async function inspectInPieces(layer: Uint8Array, permille: readonly number[]): Promise<Findings> {
  using inspection = createLayerInspection(defaultLimits)
  const offsets = permille.map((at) => Math.floor((at / 1000) * layer.length))
  let start = 0
  for (const end of [...offsets.toSorted((one, other) => one - other), layer.length]) {
    // The bytes of a chunk are not there any more when the next one comes.
    const chunk = Uint8Array.from(layer.subarray(start, end))
    await inspection.write(chunk)
    chunk.fill(0xaa)
    start = end
  }
  return completed(await inspection.end(), layer.length)
}

/** Of broken layers, how much was read before that was seen depends on the chunks in which they came. */
function proved(findings: Findings): object {
  const { compression, flaw, unexamined } = findings
  return flaw || unexamined ? { compression, flaw, unexamined } : findings
}

async function folderFor(t: { after(fn: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-fuzz-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

test('whatever is damaged, in a small layer of any kind, findings come, bounded and the same for any split', async (t) => {
  const path = join(await folderFor(t), 'layer')
  const verdicts = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(arbitraryDamage(), cuts, async (damaged, permille) => {
      const layer = damagedLayer(damaged)
      await writeFile(path, layer)
      const findings = await inspectFile(path, defaultLimits)
      assertSound(findings, layer)
      assert.deepEqual(proved(await inspectInPieces(layer, permille)), proved(findings))
      const verdict = findings.flaw?.cause ?? findings.unexamined ?? findings.contents
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
    }),
    { numRuns: 600 },
  )
  // Else the damage would be of one kind alone.
  for (const verdict of ['malformed_gzip', 'malformed_zstd', 'malformed_tar', 'tar', 'opaque']) {
    const count = verdicts.get(verdict) ?? 0
    assert.ok(count >= 10, `${verdict}: ${count}`)
  }
})

test('arbitrary bytes behind a magic number are findings too', async () => {
  const magics = [
    [],
    [0x1f, 0x8b],
    [0x1f, 0x8b, 8, 0],
    [0x28, 0xb5, 0x2f, 0xfd],
    [0x50, 0x2a, 0x4d, 0x18],
  ]
  const rest = fc.uint8Array({ maxLength: 2000 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...magics), rest, cuts, async (magic, bytes, permille) => {
      const layer = Buffer.concat([Uint8Array.from(magic), bytes])
      const findings = await inspectInPieces(layer, [])
      assertSound(findings, layer)
      assert.deepEqual(proved(await inspectInPieces(layer, permille)), proved(findings))
    }),
    { numRuns: 400 },
  )
})

for (const [tar, archive] of Object.entries(seedTars)) {
  test(`the undamaged ${tar} archive is good, however it is compressed`, async () => {
    for (const [name, compress] of Object.entries(compressions)) {
      const layer = compress(archive)
      const findings = await inspectInPieces(layer, [])
      assertSound(findings, layer)
      assert.equal(findings.contents, 'tar', name)
      assert.equal(findings.flaw, undefined, name)
      assert.equal(findings.unexamined, undefined, name)
      assert.equal(findings.inflatedBytes, archive.length, name)
    }
  })
}
