/**
 * Peak memory of the service, for layers of given sizes pushed at once and waited for until ECR has them; and of CNCF Distribution, for the
 * same layers by POST and PUT.
 *
 *   node bench/peak-memory.ts [ROUNDS, default 1] [SIZE_MIB x COUNT ..., default 5120x1 64x50]
 */
import { type BigLayer, bigLayer } from './support/big-layer.ts'
import { pushBlob, sendBody } from './support/push-blob.ts'
import { distribution, layergate, type Registry, repository } from './support/registries.ts'
import { compare, type Figures } from './support/rounds.ts'

const mebibyte = 1024 * 1024

type Push = (url: string, layer: BigLayer) => Promise<void>

async function measure(
  start: () => Promise<Registry>,
  layers: readonly BigLayer[],
  push: Push,
): Promise<Figures> {
  await using registry = await start()
  const { process, url } = registry
  const idleBytes = await process.peakMemoryBytes()
  const cpuBefore = await process.cpuSeconds()
  const startedAt = performance.now()
  await Promise.all(layers.map((layer) => push(url, layer)))
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = (await process.cpuSeconds()) - cpuBefore
  const sizeBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0)
  return {
    'idle MiB': idleBytes / mebibyte,
    'peak MiB': (await process.peakMemoryBytes()) / mebibyte,
    'CPU s per GiB': (cpuSeconds * 1024 * mebibyte) / sizeBytes,
    'MiB per second': sizeBytes / mebibyte / seconds,
  }
}

function pushAndWait(url: string, layer: BigLayer): Promise<void> {
  const target = new URL(`${url}/v1/layers?repository=${repository}&digest=${layer.digest}`)
  return sendBody('POST', target, { prefer: 'wait=600' }, layer, 201)
}

const [rounds = '1', ...given] = process.argv.slice(2)
for (const each of given.length > 0 ? given : ['5120x1', '64x50']) {
  const [sizeMiB = 0, count = 1] = each.split('x').map(Number)
  const layers = Array.from({ length: count }, (_, seed) => bigLayer(sizeMiB * mebibyte, seed))
  await compare(`${count} x ${sizeMiB} MiB at once`, Number(rounds), {
    layergate: () => measure(layergate, layers, pushAndWait),
    distribution: () => measure(distribution, layers, pushBlob),
  })
}
