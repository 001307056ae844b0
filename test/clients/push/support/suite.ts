import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startFlippingProxy } from '../../../support/flipping-proxy.ts'
import { until } from '../../../support/until.ts'
import type { OpenClient, PushClient } from './client.ts'
import { makeHome, type Outcome } from './home.ts'
import { makeImage } from './image.ts'
import { readPublished } from './published.ts'
import { referenceAt, startRegistry } from './registry.ts'
import { nothing, onceEach, sentLayers } from './sent-layers.ts'

const MiB = 1024 * 1024
/** Only one layer is as long. It lies in the first MiB, since regctl sends a refused layer again in chunks of that size. */
const offsetBytes = MiB / 2

/** What everyone who pushes to Layergate relies on. */
export function testPushes(client: PushClient): void {
  const skip = client.programs.map((program) => program.skip).find((reason) => reason !== false)

  describe(`a push by ${client.name}`, { skip: skip ?? false }, () => {
    const cleanup = new AsyncDisposableStack()
    let opened: OpenClient
    before(async () => {
      const home = await makeHome(cleanup)
      opened = await client.open(home, await makeImage(await home.newFolder()))
    })
    after(() => cleanup.disposeAsync())

    test('brings the image to ECR Public, each blob once', async (t) => {
      const { url, port, sandbox } = await startRegistry(t)
      assertSuccess(await opened.push(referenceAt(port, 'team/app')))

      const published = await readPublished(url, 'team/app')
      assert.deepEqual(published.diffIds, opened.diffIds)
      assert.deepEqual(sentLayers(sandbox, 'team/app'), onceEach(published.blobs))
    })

    test('that is repeated sends no layer again', async (t) => {
      const { port, sandbox, metric } = await startRegistry(t)
      const receivedBytes = () => metric('layergate_received_bytes_total{entry="oci"}')
      const reference = referenceAt(port, 'team/app')
      assertSuccess(await opened.push(reference))
      const firstBytes = await receivedBytes()
      assert.ok(firstBytes && firstBytes > MiB)
      sandbox.clearCalls()

      assertSuccess(await opened.push(reference))
      assert.equal(await receivedBytes(), firstBytes)
      assert.deepEqual(sentLayers(sandbox, 'team/app'), nothing)
    })

    test('to a second repository brings the image there, each blob once', async (t) => {
      const { url, port, sandbox } = await startRegistry(t)
      assertSuccess(await opened.push(referenceAt(port, 'team/app')))
      sandbox.clearCalls()

      assertSuccess(await opened.push(referenceAt(port, 'mirror/app')))
      const published = await readPublished(url, 'mirror/app')
      assert.deepEqual(published.diffIds, opened.diffIds)
      assert.deepEqual(sentLayers(sandbox, 'mirror/app'), onceEach(published.blobs))
      assert.deepEqual(sentLayers(sandbox, 'team/app'), nothing)
    })

    test('can be read back by the client', async (t) => {
      const { url, port } = await startRegistry(t)
      const reference = referenceAt(port, 'team/app')
      assertSuccess(await opened.push(reference))

      const { manifestDigest } = await readPublished(url, 'team/app')
      assert.equal(await opened.pull(reference), manifestDigest)
    })

    test('that begins while ECR Public is down brings the image when it is back', async (t) => {
      const { url, port, sandbox } = await startRegistry(t)
      sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'html-503' } })
      let hasEnded = false
      const push = opened.push(referenceAt(port, 'team/app')).finally(() => {
        hasEnded = true
      })
      await until('three calls have failed', () => sandbox.calls().length >= 3 || hasEnded)
      assert.equal(hasEnded, false)
      sandbox.clearFaults()

      assertSuccess(await push)
      const published = await readPublished(url, 'team/app')
      assert.deepEqual(published.diffIds, opened.diffIds)
    })

    test('whose layer is always damaged fails, and none of its bytes is sent', async (t) => {
      const { port, sandbox } = await startRegistry(t)
      const proxy = await startFlippingProxy(t, port, { offsetBytes })

      const { exitCode, stdout, stderr } = await opened.push(referenceAt(proxy.port, 'team/app'))
      assert.notEqual(exitCode, 0)
      assert.match(`${stdout}${stderr}`, client.refusal)
      assert.ok(proxy.flips() > 0)
      assert.ok(sentLayers(sandbox, 'team/app').bytes < MiB)
      assert.ok(!sandbox.calls().some(({ operation }) => operation === 'PutImage'))
    })

    if (!client.repeats) return
    test('whose layer is damaged once brings the image all the same', async (t) => {
      const { url, port, sandbox } = await startRegistry(t)
      const proxy = await startFlippingProxy(t, port, { offsetBytes, times: 1 })
      assertSuccess(await opened.push(referenceAt(proxy.port, 'team/app')))

      const published = await readPublished(url, 'team/app')
      assert.deepEqual(published.diffIds, opened.diffIds)
      assert.deepEqual(sentLayers(sandbox, 'team/app'), onceEach(published.blobs))
      assert.equal(proxy.flips(), 1)
    })
  })
}

function assertSuccess({ exitCode, stdout, stderr }: Outcome): void {
  assert.equal(exitCode, 0, `${stdout}${stderr}`)
}
