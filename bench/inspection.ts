/**
 * What the inspection of layers costs the service: with and without it, one after the other, round by round.
 *
 *   node bench/inspection.ts layers [ROUNDS] [FOLDER ...]   one layer of 512 MiB at a time; also one of these folders
 *   node bench/inspection.ts many [ROUNDS]                  50 layers of 64 MiB at once
 *   node bench/inspection.ts start [ROUNDS]                 the start, and the first upload
 *
 * Each measurement has a service and a sandbox of its own; the sandbox keeps digests only. CPU time and memory are those of the service
 * alone. The middle of all rounds is told, and beside it the least and the most.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type BigLayer, bigLayer } from './support/big-layer.ts'
import { type Mode, push, startService } from './support/inspecting-service.ts'
import { folderLayer, textLayer, variant } from './support/real-layers.ts'
import { compare, type Figures } from './support/rounds.ts'

const mebibyte = 1024 * 1024
const texts = fileURLToPath(new URL('../node_modules', import.meta.url))

async function measurePush(mode: Mode, layers: readonly BigLayer[]): Promise<Figures> {
  await using service = await startService(mode)
  const { process } = service
  const cpuBefore = await process.cpuSeconds()
  const startedAt = performance.now()
  const verifiedMs = await Promise.all(layers.map((layer) => push(process.url, layer)))
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = (await process.cpuSeconds()) - cpuBefore
  const sizeBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0)
  return {
    'CPU s per GiB': (cpuSeconds * 1024 * mebibyte) / sizeBytes,
    'peak MiB': (await process.peakMemoryBytes()) / mebibyte,
    'verified after s': Math.max(...verifiedMs) / 1000,
    'forwarded after s': seconds,
  }
}

async function measureStart(mode: Mode, layers: readonly BigLayer[]): Promise<Figures> {
  await using service = await startService(mode)
  const { process, startMs } = service
  // What the start leaves behind is done by then.
  await setTimeout(1000)
  const figures: Record<string, number> = {
    'start ms': startMs,
    'idle MiB': (await process.memoryBytes()) / mebibyte,
  }
  for (const [index, layer] of layers.entries()) {
    figures[`upload ${index + 1} ms`] = await push(process.url, layer)
  }
  await setTimeout(1000)
  figures['idle again MiB'] = (await process.memoryBytes()) / mebibyte
  return figures
}

async function pushOne(folder: string, rounds: number, folders: readonly string[]): Promise<void> {
  const sizeBytes = 512 * mebibyte
  await compareModes('random', rounds, (mode) => measurePush(mode, [bigLayer(sizeBytes, rounds)]))
  for (const compression of ['gzip', 'zstd'] as const) {
    const path = join(folder, compression)
    const text = await textLayer(path, texts, compression, sizeBytes)
    await compareModes(describe(`text, ${compression}`, text), rounds, (mode) =>
      measurePush(mode, [text]),
    )
    if (folders.length === 0) continue
    const files = await folderLayer(path, folders, compression)
    await compareModes(describe(`files, ${compression}`, files), rounds, (mode) =>
      measurePush(mode, [files]),
    )
  }
}

async function pushMany(folder: string, rounds: number): Promise<void> {
  const sizeBytes = 64 * mebibyte
  const seeds = Array.from({ length: 50 }, (_, seed) => seed)
  const random = seeds.map((seed) => bigLayer(sizeBytes, seed))
  await compareModes('50 x random', rounds, (mode) => measurePush(mode, random))
  for (const compression of ['gzip', 'zstd'] as const) {
    const text = await textLayer(join(folder, compression), texts, compression, sizeBytes)
    const layers = await Promise.all(seeds.map((seed) => variant(text, compression, seed)))
    await compareModes(describe(`50 x text, ${compression}`, text), rounds, (mode) =>
      measurePush(mode, layers),
    )
  }
}

async function start(folder: string, rounds: number): Promise<void> {
  const text = await textLayer(join(folder, 'gzip'), texts, 'gzip', 64 * 1024)
  const layers = await Promise.all([1, 2, 3].map((seed) => variant(text, 'gzip', seed)))
  await compareModes('start', rounds, (mode) => measureStart(mode, layers))
}

function compareModes(
  what: string,
  rounds: number,
  measure: (mode: Mode) => Promise<Figures>,
): Promise<void> {
  return compare(what, rounds, { enforce: () => measure('enforce'), off: () => measure('off') })
}

function describe(
  what: string,
  { sizeBytes, inflatedBytes }: { readonly sizeBytes: number; readonly inflatedBytes: number },
): string {
  const sizes = [sizeBytes, inflatedBytes].map((bytes) => (bytes / mebibyte).toFixed(0))
  return `${what}: ${sizes.join(' MiB, ')} MiB inflated`
}

const [what = 'layers', rounds = '3', ...folders] = process.argv.slice(2)
const folder = await mkdtemp(join(tmpdir(), 'layergate-bench-'))
try {
  if (what === 'many') await pushMany(folder, Number(rounds))
  else if (what === 'start') await start(folder, Number(rounds))
  else await pushOne(folder, Number(rounds), folders)
} finally {
  await rm(folder, { recursive: true })
}
