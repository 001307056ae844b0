/**
 * One layer all the way, in by `POST /v1/layers` and out to the sandbox, with the inspection on: the service, and a bare server that hashes and
 * stores together with a plain loop over the SDK.
 *
 *   node bench/whole-service.ts [ROUNDS, default 3] [MIB, default 512]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bigLayer } from './support/big-layer.ts'
import { asFile, plainForward } from './support/plain.ts'
import { pushBlob, sendBody } from './support/push-blob.ts'
import { bareSink, layergate, repository, sandbox } from './support/registries.ts'
import { compare, type Figures } from './support/rounds.ts'

const mebibyte = 1024 * 1024
const [rounds = '3', sizeMiB = '512'] = process.argv.slice(2)
const layer = bigLayer(Number(sizeMiB) * mebibyte, 1)
const first = bigLayer(mebibyte, 2)
const folder = await mkdtemp(join(tmpdir(), 'layergate-bench-'))
const file = await asFile(layer, join(folder, 'layer'))
const perGiB = (figure: number) => (figure * 1024 * mebibyte) / layer.sizeBytes

async function service(): Promise<Figures> {
  await using registry = await layergate()
  const push = ({ digest }: typeof layer) =>
    new URL(`${registry.url}/v1/layers?repository=${repository}&digest=${digest}`)
  // What only the first push costs is not part of it.
  await sendBody('POST', push(first), {}, first, 201)
  const cpuBefore = await registry.process.cpuSeconds()
  const startedAt = performance.now()
  await sendBody('POST', push(layer), { prefer: 'wait=600' }, layer, 201)
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = (await registry.process.cpuSeconds()) - cpuBefore
  return { 'CPU s per GiB': perGiB(cpuSeconds), 'seconds per GiB': perGiB(seconds) }
}

async function plain(): Promise<Figures> {
  await using registry = await bareSink()
  await using ecr = await sandbox()
  await pushBlob(registry.url, first)
  const cpuBefore = await registry.process.cpuSeconds()
  const startedAt = performance.now()
  await pushBlob(registry.url, layer)
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = (await registry.process.cpuSeconds()) - cpuBefore
  const out = await plainForward(ecr.url, [file])
  return {
    'CPU s per GiB': perGiB(cpuSeconds + out.cpuSeconds),
    'seconds per GiB': perGiB(seconds + out.seconds),
  }
}

try {
  await compare(`one layer of ${sizeMiB} MiB, in and out`, Number(rounds), {
    layergate: service,
    'bare server and SDK loop': plain,
  })
} finally {
  await rm(folder, { recursive: true })
}
