import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { UploadLayerPartCommand } from '@aws-sdk/client-ecr-public'
import { createAttempt } from '../../src/upstream/attempt.ts'
import { createEcrClient } from '../../src/upstream/ecr-client.ts'
import { callWith, upstreamError } from './setup.ts'

const refusal = '{"__type":"UploadNotFoundException","message":"gone"}'
const answer = `HTTP/1.1 400 Bad Request\r\ncontent-length: ${refusal.length}\r\n\r\n${refusal}`

test('an answer before the end of the request ends the request too', async (t) => {
  const connected = Promise.withResolvers<Socket>()
  let receivedBytes = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.byteLength
    })
    socket.once('data', () => {
      socket.pause()
      socket.write(answer)
    })
    connected.resolve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const client = createEcrClient({
    endpoint: new URL(`http://127.0.0.1:${address.port}`),
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    maxSockets: 1,
  })
  t.after(() => {
    client.destroy()
    server.close()
  })

  // More than the buffers of a loopback connection hold.
  const layerPartBlob = Buffer.alloc(20 * 1024 * 1024)
  const attempt = createAttempt(client, { observe: () => undefined }, () => 0)
  const sent = attempt(callWith(), {
    operation: 'UploadLayerPart',
    command: new UploadLayerPartCommand({
      repositoryName: 'team/app',
      uploadId: 'u',
      partFirstByte: 0,
      partLastByte: layerPartBlob.byteLength - 1,
      layerPartBlob,
    }),
    timeoutMs: 60_000,
    read: () => undefined,
  })
  await assert.rejects(sent, upstreamError('upload_unknown'))
  const socket = await connected.promise
  const closed = once(socket, 'close')
  socket.resume()
  await closed
  assert.ok(receivedBytes < layerPartBlob.byteLength)
})
