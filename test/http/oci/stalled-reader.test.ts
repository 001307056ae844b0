import assert from 'node:assert/strict'
import { connect, type Server } from 'node:net'
import { test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const blob = layerBytes(30_000_000)

test('a client that takes nothing of a blob does not keep its connection, nor the blob', async (t) => {
  const { url, port, service, sandbox } = await startService(t, {
    env: { LAYERGATE_UPLOAD_IDLE: '1s', LAYERGATE_SPOOL_MAX: '40MiB' },
  })
  await ociClient(url).push(blob)
  await until('the blob is in ECR', () =>
    sandbox.calls().some(({ operation }) => operation === 'CompleteLayerUpload'),
  )
  const connections = () => connectionsOf(service.app.server)
  const before = await connections()
  const reader = connect({ host: '127.0.0.1', port })
  t.after(() => reader.destroy())
  reader.pause()
  reader.write(`GET /v2/team/app/blobs/${digestOf(blob)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await until('it is connected', async () => (await connections()) > before)
  await until('its connection is ended', async () => (await connections()) <= before)

  // Its place in the spool is to be had.
  const other = layerBytes(20_000_000, 2)
  assert.ok(await ociClient(url).push(other))
})

test('nor one that asks for other answers again and again, and takes none', async (t) => {
  const { port, service } = await startService(t, { env: { LAYERGATE_UPLOAD_IDLE: '1s' } })
  const reader = connect({ host: '127.0.0.1', port })
  t.after(() => reader.destroy())
  reader.pause()
  reader.write('GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(400))
  const connections = () => connectionsOf(service.app.server)
  await until('it is connected', async () => (await connections()) === 1)
  await until('its connection is ended', async () => (await connections()) === 0)
})

async function connectionsOf(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  server.getConnections((_error, count) => resolve(count))
  return promise
}
