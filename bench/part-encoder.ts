// What it costs to send layer parts of 10 MiB: the SDK's own way against src/upstream/part-encoder.ts.
// Each round runs both in fresh processes, one after the other, against a sink in this one.
//
//   node bench/part-encoder.ts [rounds, default 3] [parts at once, default 1]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { UploadLayerPartCommand } from '@aws-sdk/client-ecr-public'
import { createGate } from '../src/layers/gate.ts'
import type { Spool, SpoolReader } from '../src/layers/spool.ts'
import { sha256Digest } from '../src/registry/digest.ts'
import { parseRepositoryName } from '../src/registry/repository-name.ts'
import { newUploadId } from '../src/registry/upload-id.ts'
import { createBodyPool } from '../src/upstream/body-pool.ts'
import { createEcrClient } from '../src/upstream/ecr-client.ts'
import { createEcrUpstream } from '../src/upstream/ecr-upstream.ts'
import { bodyBytesFor } from '../src/upstream/part-encoder.ts'
import { createMemorySpool } from '../test/support/memory-spool.ts'

const partBytes = 10 * 1024 * 1024
const layerBytes = 20 * partBytes
const parts = 100
const uploadId = '00000000-0000-4000-8000-000000000000'
const repository = parseRepositoryName('team/app')

type SendPart = (firstByte: number) => Promise<void>

const [mode = '3', ...rest] = process.argv.slice(2)
if (mode === 'plain' || mode === 'ours') await measure(mode, rest)
else await compare(Number(mode), Number(rest[0] ?? 1))

async function compare(rounds: number, atOnce: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'part-encoder-'))
  const sink = createServer(answerPart).listen(0, '127.0.0.1')
  try {
    await once(sink, 'listening')
    const address = sink.address()
    if (address === null || typeof address === 'string') throw new Error('The sink has no port.')
    const file = join(folder, 'layer')
    await writeLayer(file)
    process.stdout.write('way    CPU s/GiB  loop p99 ms  loop max ms  peak RSS MiB  MiB/s\n')
    for (let round = 0; round < rounds; round += 1) {
      for (const way of ['plain', 'ours']) {
        await once(
          fork(import.meta.filename, [way, file, String(address.port), String(atOnce)]),
          'exit',
        )
      }
    }
  } finally {
    sink.close()
    sink.closeAllConnections()
    await rm(folder, { recursive: true })
  }
}

function answerPart(request: IncomingMessage, response: ServerResponse): void {
  let head = ''
  request.on('data', (chunk: Buffer) => {
    if (head.length < 1024) head += chunk.toString('latin1', 0, 1024)
  })
  request.on('end', () => {
    response.end(`{"lastByteReceived":${/"partLastByte":(\d+)/.exec(head)?.[1] ?? 0}}`)
  })
}

async function writeLayer(path: string): Promise<void> {
  await using file = await open(path, 'w')
  for (let written = 0; written < layerBytes; written += partBytes) {
    await file.write(Buffer.alloc(partBytes, `part ${written}`))
  }
}

async function measure(way: 'plain' | 'ours', [file = '', port = '', atOnce = '1']: string[]) {
  const endpoint = new URL(`http://127.0.0.1:${port}`)
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' }
  const client = createEcrClient({ endpoint, credentials, maxSockets: 64 })
  const send = way === 'plain' ? plain(client, file) : await ours(client, file, Number(atOnce))
  await send(0)

  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = process.cpuUsage()
  const startedAt = performance.now()
  let sent = 0
  const lane = async () => {
    while (sent < parts) {
      sent += 1
      await send((sent * partBytes) % layerBytes)
    }
  }
  await Promise.all(Array.from({ length: Number(atOnce) }, lane))
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  client.destroy()

  const gibibytes = (parts * partBytes) / 1024 ** 3
  const cells = [
    ((user + system) / 1e6 / gibibytes).toFixed(2).padStart(9),
    (delay.percentile(99) / 1e6).toFixed(1).padStart(11),
    (delay.max / 1e6).toFixed(1).padStart(11),
    (process.resourceUsage().maxRSS / 1024).toFixed(0).padStart(12),
    ((gibibytes * 1024) / seconds).toFixed(0).padStart(5),
  ]
  process.stdout.write(`${way.padEnd(5)}  ${cells.join('  ')}\n`)
}

function plain(client: ReturnType<typeof createEcrClient>, file: string): SendPart {
  return async (firstByte) => {
    await using reader = await fileReader(file)
    const layerPartBlob = Buffer.allocUnsafe(partBytes)
    await reader.read(layerPartBlob, firstByte)
    await client.send(
      new UploadLayerPartCommand({
        repositoryName: repository,
        uploadId,
        partFirstByte: firstByte,
        partLastByte: firstByte + partBytes - 1,
        layerPartBlob,
      }),
    )
  }
}

async function ours(
  client: ReturnType<typeof createEcrClient>,
  file: string,
  bodies: number,
): Promise<SendPart> {
  const spool: Spool = {
    ...createMemorySpool(),
    seal: () => Promise.resolve(),
    open: () => fileReader(file),
  }
  const sealed = { digest: sha256Digest('0'.repeat(64)), sizeBytes: layerBytes }
  const layer = await createGate(spool).admit(newUploadId(), sealed, sealed.digest)
  const upstream = createEcrUpstream({
    client,
    observer: { observe: () => undefined },
    bodies: createBodyPool({ bodies, bodyBytes: bodyBytesFor(partBytes) }),
  })
  const call = {
    destination: { name: 'default', registry: 'default' },
    repository,
    agent: 'bench',
    signal: new AbortController().signal,
  }
  const upload = { id: uploadId, partSizeBytes: partBytes }
  return (firstByte) =>
    upstream.sendPart(call, upload, layer, { firstByte, lastByte: firstByte + partBytes - 1 })
}

async function fileReader(path: string): Promise<SpoolReader> {
  const file = await open(path, 'r')
  return {
    sizeBytes: layerBytes,
    read: async (target, position) =>
      (await file.read(target, 0, target.byteLength, position)).bytesRead,
    condemn: () => Promise.resolve(false),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
}
