// Inspects damaged layers until the time is over: `npm run fuzz`.
//   FUZZ_SECONDS  how long, by default 300
//   FUZZ_RUNS     how many layers, instead
//   FUZZ_SEED     the first seed, by default one of its own: each makes a batch of layers
// A layer that is not inspected as it should be is kept in a file, and the exit code is 1.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process, { env } from 'node:process'
import * as fc from 'fast-check'
import { arbitraryDamage, damagedLayer } from '../test/inspect/fuzz/support/arbitrary-layers.ts'
import { startInspectingChild } from '../test/inspect/fuzz/support/inspecting-child.ts'
import type { Inspected } from '../test/inspect/fuzz/support/inspecting-process.ts'

const mebibyte = 1024 * 1024
const batchLayers = 50
/** Of CPU time, for each mebibyte of the layer that was begun. */
const cpuLimitMsPerMebibyte = 1000
/** Of wall-clock time, so many times that, and some for a start: other programs run too. */
const wallPerCpu = 10
const startMs = 10_000
/** Once the process has seen so many layers, it grows no more than this. */
const warmUpLayers = 1000
const maxGrowthBytes = 128 * mebibyte
const maxFailures = 10

const runs = Number(env['FUZZ_RUNS'] ?? Infinity)
const seconds = Number(env['FUZZ_SECONDS'] ?? (runs === Infinity ? 300 : Infinity))
const firstSeed = Number(env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 30))
const deadline = performance.now() + seconds * 1000

const folder = await mkdtemp(join(tmpdir(), 'layergate-fuzz-'))
const path = join(folder, 'layer')
const arbitrary = arbitraryDamage({ copies: [1, 1, 1, 1, 1, 1, 10, 10, 100, 1000] })

interface Peak {
  cpuMsPerMebibyte: number
  rssBytes: number
}

const verdicts = new Map<string, number>()
const peak: Peak = { cpuMsPerMebibyte: 0, rssBytes: 0 }
let warm: Inspected | undefined
let last: Inspected | undefined
let layers = 0
let bytes = 0
let failures = 0
let seed = firstSeed

async function fail(layer: Uint8Array, name: string, why: string): Promise<void> {
  failures += 1
  const kept = join(folder, `failed-${name}`)
  await writeFile(kept, layer)
  console.error(`${name} (${layer.length} bytes): ${why}\n  kept as ${kept}`)
}

function count({ findings }: Inspected): void {
  if (!findings) return
  const { compression, contents, flaw, unexamined } = findings
  const problem = flaw && `${flaw.cause} ${flaw.evidence['problem']}`
  const verdict =
    problem ?? (unexamined ? `unexamined ${unexamined}` : `${compression} ${contents}`)
  verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
}

await using child = startInspectingChild()

async function tryOne(layer: Uint8Array, name: string): Promise<void> {
  const mebibytes = Math.ceil(layer.length / mebibyte) || 1
  const cpuLimitMs = mebibytes * cpuLimitMsPerMebibyte
  await writeFile(path, layer)
  const inspected = await child.inspect(path, startMs + cpuLimitMs * wallPerCpu)
  if (typeof inspected === 'string') return fail(layer, name, inspected)
  const { problem, cpuMs, rssBytes } = inspected
  if (problem) await fail(layer, name, problem)
  if (cpuMs > cpuLimitMs) await fail(layer, name, `it took ${cpuMs} ms of CPU time`)
  peak.cpuMsPerMebibyte = Math.max(peak.cpuMsPerMebibyte, cpuMs / mebibytes)
  peak.rssBytes = Math.max(peak.rssBytes, rssBytes)
  count(inspected)
  last = inspected
  if (layers === warmUpLayers) warm = inspected
}

function isOver(): boolean {
  return layers >= runs || performance.now() > deadline || failures >= maxFailures
}

console.log(`FUZZ_SEED=${firstSeed}`)
for (; !isOver(); seed += 1) {
  for (const [index, damage] of fc.sample(arbitrary, { seed, numRuns: batchLayers }).entries()) {
    if (isOver()) break
    const layer = damagedLayer(damage)
    layers += 1
    bytes += layer.length
    await tryOne(layer, `${seed}-${index}`)
  }
}

const inMebibytes = (size: number) => Math.round(size / mebibyte)
console.log(`${layers} layers, ${inMebibytes(bytes)} MiB, seeds ${firstSeed} to ${seed - 1}`)
for (const [verdict, times] of [...verdicts].toSorted(([, one], [, other]) => other - one)) {
  console.log(`  ${times} ${verdict}`)
}
console.log(`at most ${Math.round(peak.cpuMsPerMebibyte)} ms of CPU time for a MiB of a layer`)
console.log(`at most ${inMebibytes(peak.rssBytes)} MiB of memory`)
if (warm && last) {
  const heapGrowth = last.heapUsedBytes - warm.heapUsedBytes
  const rssGrowth = last.rssBytes - warm.rssBytes
  console.log(
    `grown by ${inMebibytes(heapGrowth)} MiB of heap, ${inMebibytes(rssGrowth)} MiB of memory`,
  )
  if (heapGrowth > maxGrowthBytes || rssGrowth > maxGrowthBytes) {
    failures += 1
    console.error('That is more than it may grow: something is kept of every layer.')
  }
}
if (failures > 0) process.exitCode = 1
else await rm(folder, { recursive: true })
