/**
 * Whether the cost of a byte, and the memory, stay the same as layers become larger and more come at once. Prints a table, and draws a plot
 * where a file is named.
 *
 *   node bench/growth.ts [SVG] [LARGEST_MIB, default 4096] [MOST_AT_ONCE, default 200]
 *
 * Layers go all the way, in and out to a sandbox. The account's quotas are lifted: it is not they that are measured.
 */
import { writeFile } from 'node:fs/promises'
import { type BigLayer, bigLayer } from './support/big-layer.ts'
import { drawPlots } from './support/plot.ts'
import { sendBody } from './support/push-blob.ts'
import { layergate, repository, unlimited } from './support/registries.ts'

const mebibyte = 1024 * 1024
const [svg, largestMiB = '4096', mostAtOnce = '200'] = process.argv.slice(2)
const sizesMiB = [1, 16, 64, 256, 1024, 4096, 10_000].filter((size) => size <= Number(largestMiB))
const counts = [1, 4, 16, 50, 100, 200].filter((count) => count <= Number(mostAtOnce))
const sizeAtOnceMiB = 16
/** Enough for the clock that the system counts CPU time with. */
const leastMiB = 256

interface Point {
  readonly layers: string
  readonly x: number
  readonly cpuSecondsPerGiB: number
  readonly peakMiB: number
}

async function measure(sizeMiB: number, atOnce: number, x: number): Promise<Point> {
  const rounds = Math.ceil(leastMiB / (sizeMiB * atOnce))
  const layers = Array.from({ length: rounds * atOnce }, (_, seed) =>
    bigLayer(sizeMiB * mebibyte, seed),
  )
  await using registry = await layergate(unlimited)
  const { process: service, url } = registry
  await push(url, bigLayer(mebibyte, -1))
  const cpuBefore = await service.cpuSeconds()
  for (let round = 0; round < rounds; round += 1) {
    const together = layers.slice(round * atOnce, (round + 1) * atOnce)
    await Promise.all(together.map((layer) => push(url, layer)))
  }
  const cpuSeconds = (await service.cpuSeconds()) - cpuBefore
  return {
    layers: `${atOnce} x ${sizeMiB} MiB`,
    x,
    cpuSecondsPerGiB: (cpuSeconds * 1024) / (layers.length * sizeMiB),
    peakMiB: (await service.peakMemoryBytes()) / mebibyte,
  }
}

function push(url: string, layer: BigLayer): Promise<void> {
  const target = new URL(`${url}/v1/layers?repository=${repository}&digest=${layer.digest}`)
  return sendBody('POST', target, { prefer: 'wait=600' }, layer, 201)
}

const bySize: Point[] = []
for (const size of sizesMiB) bySize.push(await measure(size, 1, size))
const byCount: Point[] = []
for (const count of counts) byCount.push(await measure(sizeAtOnceMiB, count, count))
console.table([...bySize, ...byCount])
console.log(JSON.stringify({ bySize, byCount }))

if (svg !== undefined) {
  const plots = [
    { what: 'One layer', xTitle: 'MiB', measured: bySize },
    { what: `Layers of ${sizeAtOnceMiB} MiB`, xTitle: 'at once', measured: byCount },
  ].flatMap(({ what, xTitle, measured }) => [
    {
      title: `${what}: CPU s per GiB`,
      xTitle,
      points: measured.map(({ x, cpuSecondsPerGiB: y }) => ({ x, y })),
    },
    {
      title: `${what}: peak MiB`,
      xTitle,
      points: measured.map(({ x, peakMiB: y }) => ({ x, y })),
    },
  ])
  await writeFile(svg, drawPlots(plots))
}
