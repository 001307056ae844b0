/**
 * Pushes of images over a line of 200 Mbit/s and 30 ms to ECR Public: through the service, and straight by a plain loop over the SDK.
 *
 *   node bench/shaped-push.ts image [ROUNDS, default 3] [MIB of each layer, default 40]
 *       one image of five layers
 *   node bench/shaped-push.ts fleet [ROUNDS, default 1] [MIB of the base, default 200] [AGENTS, default 50]
 *       agents that push at once, each an image of one base that all share and a layer of 1 MiB of its own
 *
 * The API wants base64, so 4/3 of the bytes go over the line, both ways.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BigLayer, bigLayer, bytesLayer } from './support/big-layer.ts'
import { asFile, plainForward } from './support/plain.ts'
import { pushBlob, pushManifest } from './support/push-blob.ts'
import { layergate, sandbox } from './support/registries.ts'
import { compare, type Figures } from './support/rounds.ts'
import { type ShapedLine, shapedLine } from './support/shaped-line.ts'

const mebibyte = 1024 * 1024
const bytesPerSecond = 200e6 / 8
const oneWayMs = 15
const warmUp = bytesLayer(Buffer.from('the first push'))

interface Artifact {
  readonly layers: readonly BigLayer[]
  readonly config: BigLayer
  readonly manifest: Buffer
}

/** Random bytes are no archives, so an artifact rather than an image: its layers may be anything, and go the same way. */
function artifactOf(layers: readonly BigLayer[], name: string): Artifact {
  const config = bytesLayer(Buffer.from(JSON.stringify({ name })))
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.layergate.bench+json', config),
    layers: layers.map((layer) => descriptor('application/octet-stream', layer)),
  }
  return { layers, config, manifest: Buffer.from(JSON.stringify(manifest)) }
}

function descriptor(mediaType: string, { digest, sizeBytes }: BigLayer) {
  return { mediaType, digest, size: sizeBytes }
}

/** As clients do: what is there already is not sent. */
async function pushArtifact(url: string, { layers, config, manifest }: Artifact): Promise<void> {
  await Promise.all([...layers, config].map((blob) => pushBlob(url, blob, { asksFirst: true })))
  await pushManifest(url, `sha256:${createHash('sha256').update(manifest).digest('hex')}`, manifest)
}

/** @param push returns how many seconds it took, without the start of processes */
async function measure(
  push: (line: ShapedLine) => Promise<number>,
  distinctBytes: number,
): Promise<Figures> {
  await using ecr = await sandbox()
  await using line = await shapedLine(new URL(ecr.url), bytesPerSecond, oneWayMs)
  return {
    seconds: await push(line),
    'layer bytes sent / distinct': (line.sentBytes() * 3) / 4 / distinctBytes,
  }
}

async function run(what: string, rounds: number, artifacts: readonly Artifact[]): Promise<void> {
  const blobs = artifacts.flatMap(({ layers, config }) => [...layers, config])
  const distinct = new Map(blobs.map((blob) => [blob.digest, blob]))
  const distinctBytes = [...distinct.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const paths = new Map<string, string>()
  for (const [digest, blob] of distinct) {
    const path = join(folder, digest.slice('sha256:'.length))
    await asFile(blob, path)
    paths.set(digest, path)
  }
  const files = blobs.map(({ digest }) => ({ digest, path: paths.get(digest) ?? '' }))
  await compare(what, rounds, {
    layergate: () =>
      measure(async (line) => {
        await using registry = await layergate({ LAYERGATE_UPSTREAM_ENDPOINT: line.url })
        await pushBlob(registry.url, warmUp)
        const startedAt = performance.now()
        await Promise.all(artifacts.map((artifact) => pushArtifact(registry.url, artifact)))
        return (performance.now() - startedAt) / 1000
      }, distinctBytes),
    'SDK loop': () =>
      measure(async (line) => (await plainForward(line.url, files)).seconds, distinctBytes),
  })
}

const folder = await mkdtemp(join(tmpdir(), 'layergate-bench-'))
const [what = 'image', ...numbers] = process.argv.slice(2)
try {
  if (what === 'fleet') {
    const [rounds = 1, baseMiB = 200, agents = 50] = numbers.map(Number)
    const base = bigLayer(baseMiB * mebibyte, 0)
    const artifacts = Array.from({ length: agents }, (_, index) =>
      artifactOf([base, bigLayer(mebibyte, index + 1)], `agent ${index}`),
    )
    await run(`${agents} agents, one base of ${baseMiB} MiB`, rounds, artifacts)
  } else {
    const [rounds = 3, layerMiB = 40] = numbers.map(Number)
    const layers = Array.from({ length: 5 }, (_, seed) => bigLayer(layerMiB * mebibyte, seed))
    await run(`one image of 5 x ${layerMiB} MiB`, rounds, [artifactOf(layers, 'image')])
  }
} finally {
  await rm(folder, { recursive: true })
}
