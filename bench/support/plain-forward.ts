/**
 * What anybody would write first: layers in files, sent to ECR Public by the SDK's own command, part by part.
 *
 *   node bench/support/plain-forward.ts ENDPOINT REPOSITORY FILE DIGEST [FILE DIGEST ...]
 *
 * The layers go side by side. Prints one line of JSON: what it cost, without the start of the process.
 */
import { open } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  CompleteLayerUploadCommand,
  ECRPUBLICClient,
  InitiateLayerUploadCommand,
  LayerAlreadyExistsException,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'
import { sandboxCredentials } from '../../src/upstream/sandbox-credentials.ts'

const [, , endpoint = '', repositoryName = '', ...files] = process.argv
const client = new ECRPUBLICClient({
  region: 'us-east-1',
  endpoint,
  credentials: sandboxCredentials,
})

async function forward(path: string, digest: string): Promise<void> {
  const { uploadId, partSize = 0 } = await client.send(
    new InitiateLayerUploadCommand({ repositoryName }),
  )
  await using file = await open(path)
  const { size } = await file.stat()
  for (let partFirstByte = 0; partFirstByte < size; partFirstByte += partSize) {
    const layerPartBlob = Buffer.allocUnsafe(Math.min(partSize, size - partFirstByte))
    await file.read(layerPartBlob, 0, layerPartBlob.length, partFirstByte)
    const partLastByte = partFirstByte + layerPartBlob.length - 1
    await client.send(
      new UploadLayerPartCommand({
        repositoryName,
        uploadId,
        partFirstByte,
        partLastByte,
        layerPartBlob,
      }),
    )
  }
  await client
    .send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] }))
    .catch((error: unknown) => {
      if (!(error instanceof LayerAlreadyExistsException)) throw error
    })
}

const layers = files.flatMap((path, index) =>
  index % 2 === 0 ? { path, digest: files[index + 1] ?? '' } : [],
)
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const before = process.cpuUsage()
const startedAt = performance.now()
await Promise.all(layers.map(({ path, digest }) => forward(path, digest)))
const { user, system } = process.cpuUsage(before)
console.log(
  JSON.stringify({
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - startedAt) / 1000,
    loopDelayP99Ms: delay.percentile(99) / 1e6,
  }),
)
