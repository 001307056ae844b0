import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createLayerInspection } from '../../../src/inspect/layer-inspection.ts'
import { defaultLimits, type InspectionLimits } from '../../../src/inspect/limits.ts'
import type { Findings } from '../../../src/registry/findings.ts'
import {
  type Bomb,
  emptyParts,
  GiB,
  gzipOfEntries,
  gzipOfMostlyZeros,
  gzipOfZeros,
  gzipWithName,
  MiB,
  tarWithPayload,
  zstdOfZeros,
  zstdWithWindow,
} from './support/bombs.ts'
import { entry, octal } from './support/seed-tars.ts'

/** Far below what each of them would take; the rest of the process grows and shrinks too. */
const maxGrowthBytes = 200 * MiB

interface Outcome {
  readonly findings: Findings
  readonly takenBytes: number
}

async function inspect(bomb: Bomb, limits: InspectionLimits): Promise<Outcome> {
  using inspection = createLayerInspection(limits)
  const before = process.memoryUsage().rss
  let takenBytes = 0
  for (const chunk of bomb) {
    if (inspection.isDecided) break
    await inspection.write(chunk)
    takenBytes += chunk.length
    const grownBytes = process.memoryUsage().rss - before
    assert.ok(grownBytes < maxGrowthBytes, `${grownBytes} bytes more after ${takenBytes}`)
  }
  return { findings: await inspection.end(), takenBytes }
}

interface Case {
  readonly bomb: () => Bomb
  readonly limits?: Partial<InspectionLimits>
  readonly unexamined: Findings['unexamined']
  /** What is looked at before the inspection gives up. */
  readonly takenBytes: number
}

const endless: Readonly<Record<string, Case>> = {
  '10 GiB of zeros in gzip': {
    bomb: () => gzipOfZeros(10 * GiB),
    unexamined: 'ratio',
    takenBytes: 100_000,
  },
  '100 GiB of zeros in zstd': {
    bomb: () => zstdOfZeros(100 * GiB),
    unexamined: 'ratio',
    takenBytes: 10_000,
  },
  'more inflated bytes than allowed, at a harmless ratio': {
    bomb: () => gzipOfZeros(10 * GiB),
    limits: { maxInflatedBytes: 20 * MiB },
    unexamined: 'bytes',
    takenBytes: 30_000,
  },
  'ten million empty entries': {
    bomb: () => gzipOfEntries(10_000_000),
    limits: { maxEntries: 50_000 },
    unexamined: 'entries',
    takenBytes: 500_000,
  },
  'a window of 2 GiB': {
    bomb: () => zstdWithWindow(31),
    unexamined: 'memory',
    takenBytes: 100,
  },
  'a window larger than allowed': {
    bomb: () => zstdWithWindow(24),
    limits: { maxWindowBytes: 8 * MiB },
    unexamined: 'memory',
    takenBytes: 100,
  },
}

for (const [name, { bomb, limits, unexamined, takenBytes: mostBytes }] of Object.entries(endless)) {
  test(`${name}: the inspection ends at its limit, early`, async () => {
    const { findings, takenBytes } = await inspect(bomb(), { ...defaultLimits, ...limits })
    assert.equal(findings.unexamined, unexamined)
    assert.equal(findings.flaw, undefined)
    assert.equal(findings.diffId, undefined)
    assert.ok(takenBytes <= mostBytes, `${takenBytes} bytes were taken`)
  })
}

test('10 GiB at a ratio just below the limit: the inspection ends when it has done what their size is worth', async () => {
  const limits = { ...defaultLimits, workBytes: 100 * MiB }
  const bomb = gzipOfMostlyZeros(10 * GiB, 50)
  const { findings, takenBytes } = await inspect(bomb, limits)
  assert.equal(findings.unexamined, 'work')
  assert.equal(findings.flaw, undefined)
  assert.equal(findings.diffId, undefined)
  const ratio = findings.inflatedBytes / takenBytes
  assert.ok(ratio > 850 && ratio < 1000, `the ratio is ${ratio}`)
  assert.ok(takenBytes < 150_000, `${takenBytes} bytes were taken`)
})

test('what inflates to ten times its size is inspected to its end, however much it is', async () => {
  const limits = { ...defaultLimits, workBytes: 0 }
  const layer = gzipOfMostlyZeros(100 * MiB, 100_000)
  const { findings } = await inspect(layer, limits)
  assert.equal(findings.unexamined, undefined)
  assert.equal(findings.inflatedBytes, 100 * MiB)
})

test('the same window is allowed where the limit is as large', async () => {
  const limits = { ...defaultLimits, maxWindowBytes: 16 * MiB }
  const { findings } = await inspect(zstdWithWindow(24), limits)
  assert.equal(findings.unexamined, undefined)
  assert.equal(findings.contents, 'empty')
})

test('of a bomb in gzip in gzip only the outer one is inflated', async () => {
  const inner = Buffer.concat([...gzipOfZeros(10 * GiB)])
  const { findings } = await inspect([gzipSync(inner)], defaultLimits)
  assert.equal(findings.contents, 'opaque')
  assert.equal(findings.inflatedBytes, inner.length)
  assert.equal(findings.flaw, undefined)
  assert.equal(findings.unexamined, undefined)
})

for (const type of ['x', 'g', 'L', 'K']) {
  test(`a header of type ${type} that says 1 GiB is not kept, and refused`, async () => {
    const head = entry({ path: 'header', type, size: octal(GiB) })
    const { findings } = await inspect(tarWithPayload(head, 300 * MiB), defaultLimits)
    assert.equal(findings.flaw?.cause, 'malformed_tar')
  })
}

test('a name in a gzip header that does not end is not kept, nor read on', async () => {
  const { findings, takenBytes } = await inspect(gzipWithName(500 * MiB), defaultLimits)
  assert.ok(takenBytes < 2 * MiB, `${takenBytes} bytes were taken`)
  assert.equal(findings.flaw?.cause, 'malformed_gzip')
  assert.equal(findings.flaw.evidence['field'], 'name')
})

test('thousands of empty members, or frames, are a layer that is empty', async () => {
  for (const part of [gzipSync(''), zstdCompressSync('')]) {
    const { findings } = await inspect(emptyParts(part, 20_000), defaultLimits)
    assert.equal(findings.contents, 'empty')
    assert.equal(findings.flaw, undefined)
    assert.equal(findings.unexamined, undefined)
  }
})
