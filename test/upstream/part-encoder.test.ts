import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { test, type TestContext } from 'node:test'
import { UploadLayerPartCommand } from '@aws-sdk/client-ecr-public'
import type { SpoolReader } from '../../src/layers/spool.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { createEcrClient } from '../../src/upstream/ecr-client.ts'
import { bodyBytesFor, encodePart } from '../../src/upstream/part-encoder.ts'
import { acceptReadyBodies } from '../../src/upstream/ready-bodies.ts'
import { layerBytes } from '../support/layers.ts'

const sliceBytes = 192 * 1024
const members = {
  repositoryName: 'team/app',
  uploadId: '00000000-0000-4000-8000-000000000000',
}

function readerOf(bytes: Buffer): SpoolReader {
  return {
    sizeBytes: bytes.byteLength,
    read: async (target, position) => {
      const found = bytes.subarray(position, position + target.byteLength)
      target.set(found)
      return found.byteLength
    },
    condemn: () => Promise.resolve(false),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** A server that takes down what it gets, and a client for it. */
async function startRecorder(t: TestContext) {
  const requests: { headers: IncomingHttpHeaders; body: Buffer }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks) })
      response.end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const client = createEcrClient({
    endpoint: new URL(`http://127.0.0.1:${address.port}`),
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    maxSockets: 1,
  })
  t.after(async () => {
    client.destroy()
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return { client, requests }
}

test('the request is the one that the SDK would send, around every edge of a slice', async (t) => {
  const { client, requests } = await startRecorder(t)
  const readyBodies = acceptReadyBodies(client)
  const bytes = layerBytes(2 * sliceBytes + 10)
  const lengths = [1, 2, 3, 4, 5, 6, 1023, 1024, 1025].concat(
    [-3, -2, -1, 0, 1, 2, 3].flatMap((more) => [sliceBytes + more, 2 * sliceBytes + more]),
  )
  const target = Buffer.alloc(bodyBytesFor(bytes.byteLength), 'stale')

  for (const length of lengths) {
    const range = { firstByte: 7, lastByte: 7 + length - 1 }
    const part = { ...members, partFirstByte: range.firstByte, partLastByte: range.lastByte }

    await client.send(
      new UploadLayerPartCommand({ ...part, layerPartBlob: bytes.subarray(7, 7 + length) }),
    )
    const ours = new UploadLayerPartCommand({ ...part, layerPartBlob: undefined })
    readyBodies.attach(ours.input, await encodePart(target, part, readerOf(bytes), range))
    await client.send(ours)

    const [plain, sent] = requests.splice(0)
    assert.ok(plain && sent)
    assert.ok(plain.body.equals(sent.body), `the body of ${length} bytes differs`)
    assert.deepEqual(Object.keys(sent.headers).toSorted(), Object.keys(plain.headers).toSorted())
    for (const name of ['content-length', 'content-type', 'x-amz-target', 'x-amz-content-sha256']) {
      assert.equal(sent.headers[name], plain.headers[name], `${name} of ${length} bytes`)
    }
  }
})

test('a registry goes into the body beside the other members', async () => {
  const part = { registryId: 'alias', ...members, partFirstByte: 0, partLastByte: 2 }
  const range = { firstByte: 0, lastByte: 2 }
  const reader = readerOf(Buffer.from('abc'))
  const { body } = await encodePart(Buffer.alloc(bodyBytesFor(3)), part, reader, range)
  const sent: unknown = JSON.parse(String(body))
  assert.deepEqual(sent, { ...part, layerPartBlob: 'YWJj' })
})

test('a hash that is ready is sent, not made again', async (t) => {
  const { client, requests } = await startRecorder(t)
  const command = new UploadLayerPartCommand({
    ...members,
    partFirstByte: 0,
    partLastByte: 2,
    layerPartBlob: undefined,
  })
  const sha256Hex = 'ab'.repeat(32)
  acceptReadyBodies(client).attach(command.input, { body: Buffer.from('{}'), sha256Hex })
  await client.send(command)
  assert.equal(requests[0]?.headers['x-amz-content-sha256'], sha256Hex)
})

test('a command without a ready body is sent as the SDK makes it', async (t) => {
  const { client, requests } = await startRecorder(t)
  acceptReadyBodies(client)
  await client.send(
    new UploadLayerPartCommand({
      ...members,
      partFirstByte: 0,
      partLastByte: 2,
      layerPartBlob: Buffer.from('abc'),
    }),
  )
  const body: unknown = JSON.parse(String(requests[0]?.body))
  assert.deepEqual(body, { ...members, partFirstByte: 0, partLastByte: 2, layerPartBlob: 'YWJj' })
})

test('the hash is that of the whole body', async () => {
  const bytes = layerBytes(1000)
  const range = { firstByte: 0, lastByte: 999 }
  const part = { repositoryName: 'team/app', uploadId: 'u', partFirstByte: 0, partLastByte: 999 }
  const target = Buffer.alloc(bodyBytesFor(1000))
  const { body, sha256Hex } = await encodePart(target, part, readerOf(bytes), range)
  assert.equal(sha256Hex, createHash('sha256').update(body).digest('hex'))
  assert.equal(body.buffer, target.buffer)
})

test('a layer that ends too early is damaged, and nothing is made of it', async () => {
  const part = { repositoryName: 'team/app', uploadId: 'u', partFirstByte: 0, partLastByte: 9 }
  const target = Buffer.alloc(bodyBytesFor(10))
  const range = { firstByte: 0, lastByte: 9 }
  await assert.rejects(
    encodePart(target, part, readerOf(layerBytes(9)), range),
    (error) => error instanceof LayergateError && error.code === 'spool_damaged',
  )
})

test('a body that does not fit is refused before anything is read', async () => {
  const part = { repositoryName: 'team/app', uploadId: 'u', partFirstByte: 0, partLastByte: 2999 }
  const reader = readerOf(Buffer.alloc(0))
  const range = { firstByte: 0, lastByte: 2999 }
  await assert.rejects(encodePart(Buffer.alloc(bodyBytesFor(10)), part, reader, range), RangeError)
})
