/**
 * Taking one blob in, by POST and PUT, until it is answered 201: the service, CNCF Distribution, and a bare server that hashes and stores.
 *
 *   node bench/receive.ts [ROUNDS, default 3] [MIB, default 1024]
 *
 * CPU time and memory are those of the server alone. What the service sends to ECR it sends afterwards.
 */
import { bigLayer } from './support/big-layer.ts'
import { pushBlob } from './support/push-blob.ts'
import { bareSink, distribution, layergate, type Registry } from './support/registries.ts'
import { compare, type Figures } from './support/rounds.ts'

const mebibyte = 1024 * 1024
const [rounds = '3', sizeMiB = '1024'] = process.argv.slice(2)
const layer = bigLayer(Number(sizeMiB) * mebibyte, 1)
const first = bigLayer(mebibyte, 2)

async function measure(start: () => Promise<Registry>): Promise<Figures> {
  await using registry = await start()
  const { url, process } = registry
  // What only the first push costs is not part of it.
  await pushBlob(url, first)
  const cpuBefore = await process.cpuSeconds()
  const startedAt = performance.now()
  await pushBlob(url, layer)
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = (await process.cpuSeconds()) - cpuBefore
  return {
    'CPU s per GiB': (cpuSeconds * 1024 * mebibyte) / layer.sizeBytes,
    'seconds per GiB': (seconds * 1024 * mebibyte) / layer.sizeBytes,
    'peak MiB': (await process.peakMemoryBytes()) / mebibyte,
  }
}

await compare(`one blob of ${sizeMiB} MiB, POST and PUT`, Number(rounds), {
  layergate: () => measure(layergate),
  distribution: () => measure(distribution),
  'bare server': () => measure(bareSink),
})
