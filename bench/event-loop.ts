/**
 * How late the event loop runs while four layers are forwarded and four are received; beside it the plain loop over the SDK, which forwards four.
 *
 *   node bench/event-loop.ts [ROUNDS, default 3] [MIB of each layer, default 256]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type BigLayer, bigLayer } from './support/big-layer.ts'
import { asFile, plainForward } from './support/plain.ts'
import { sendBody } from './support/push-blob.ts'
import { layergate, repository, sandbox } from './support/registries.ts'
import { compare, type Figures } from './support/rounds.ts'

const [rounds = '3', sizeMiB = '256'] = process.argv.slice(2)
const sizeBytes = Number(sizeMiB) * 1024 * 1024
const [outgoing, incoming] = [0, 4].map((from) =>
  Array.from({ length: 4 }, (_, index) => bigLayer(sizeBytes, from + index)),
)
const folder = await mkdtemp(join(tmpdir(), 'layergate-bench-'))
const watchLoop = fileURLToPath(new URL('support/watch-loop.ts', import.meta.url))
const delayFile = join(folder, 'delay')
const lookAgainMs = 20

async function service(): Promise<Figures> {
  await using registry = await layergate({
    NODE_OPTIONS: `--import=${watchLoop}`,
    LOOP_DELAY_FILE: delayFile,
  })
  const receive = (layers: readonly BigLayer[] = []) =>
    Promise.all(
      layers.map((layer) => {
        const query = `repository=${repository}&digest=${layer.digest}`
        const url = new URL(`${registry.url}/v1/layers?${query}`)
        return sendBody('POST', url, { prefer: 'respond-async' }, layer, 202)
      }),
    )

  async function delay(): Promise<Figures> {
    registry.process.signal('SIGUSR2')
    for (;;) {
      const text = await readFile(delayFile, 'utf8').catch(() => '')
      if (text !== '') break
      await setTimeout(lookAgainMs)
    }
    const { p99Ms, maxMs } = JSON.parse(await readFile(delayFile, 'utf8'))
    await rm(delayFile)
    return { 'loop delay p99 ms': p99Ms, 'max ms': maxMs }
  }

  await receive(outgoing)
  await delay()
  await receive(incoming)
  return await delay()
}

async function plain(): Promise<Figures> {
  await using ecr = await sandbox()
  const { loopDelayP99Ms } = await plainForward(ecr.url, files)
  return { 'loop delay p99 ms': loopDelayP99Ms, 'max ms': Number.NaN }
}

const files = await Promise.all(
  (outgoing ?? []).map((layer, index) => asFile(layer, join(folder, String(index)))),
)
try {
  await compare(`4 x ${sizeMiB} MiB out, 4 x ${sizeMiB} MiB in`, Number(rounds), {
    layergate: service,
    'SDK loop, out alone': plain,
  })
} finally {
  await rm(folder, { recursive: true })
}
