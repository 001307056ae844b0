import type { ECRPUBLIC } from '@aws-sdk/client-ecr-public'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { openBoth, repositoryName } from './support/open-sandbox.ts'
import { digestOf, pushImageLayers, pushLayer } from './support/push.ts'

const layersOf = (sandbox: Sandbox, at = 0): string[] =>
  (sandbox.state().repositories[at]?.layers ?? []).map(({ digest }) => digest)

const availability = async (client: ECRPUBLIC, ...layerDigests: string[]) => {
  const { layers } = await client.batchCheckLayerAvailability({ repositoryName, layerDigests })
  return layers?.map(({ layerAvailability }) => layerAvailability)
}

const drops: Readonly<Record<string, (sandbox: Sandbox) => unknown>> = {
  'dropUnreferencedLayers()': (sandbox) => sandbox.dropUnreferencedLayers(),
  'DELETE /_sandbox/unreferenced-layers': (sandbox) =>
    fetch(`${sandbox.url}/_sandbox/unreferenced-layers`, { method: 'DELETE' }),
}
for (const [name, drop] of Object.entries(drops)) {
  test(`${name} removes the layers that no image names, in all repositories`, async (t) => {
    const { sandbox, client } = await openBoth(t)
    sandbox.createRepository('team/other')
    const imageManifest = await pushImageLayers(client, 'named')
    await client.putImage({ repositoryName, imageManifest })
    const named = layersOf(sandbox)
    const loose = await pushLayer(client, 'loose')
    await pushLayer(client, 'named', 'team/other')
    await drop(sandbox)
    assert.deepEqual(layersOf(sandbox), named)
    assert.deepEqual(layersOf(sandbox, 1), [])
    assert.deepEqual(await availability(client, digestOf('named'), loose), [
      'AVAILABLE',
      'UNAVAILABLE',
    ])
  })
}

test('an image whose layers were dropped is LayersNotFoundException until they come again', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const imageManifest = await pushImageLayers(client, 'layer')
  sandbox.dropUnreferencedLayers()
  const put = () => client.putImage({ repositoryName, imageManifest, imageTag: 'v1' })
  await assert.rejects(put(), {
    name: 'LayersNotFoundException',
    message: new RegExp(digestOf('layer')),
  })
  assert.deepEqual(sandbox.state().repositories[0]?.tags, {})
  assert.equal(await pushImageLayers(client, 'layer'), imageManifest)
  assert.ok(await put())
})

test('the layers of a deleted image are unreferenced', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const imageManifest = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest })
  const imageIds = [{ imageDigest: digestOf(imageManifest) }]
  await client.batchDeleteImage({ repositoryName, imageIds })
  assert.equal(layersOf(sandbox).length, 2)
  sandbox.dropUnreferencedLayers()
  assert.deepEqual(layersOf(sandbox), [])
})

test('after unreferencedLayerTtlMs a layer is gone unless an image names it', async (t) => {
  let nowMs = Date.now()
  const { client } = await openBoth(t, {
    nowMs: () => nowMs,
    switches: { unreferencedLayerTtlMs: 60_000 },
  })
  const imageManifest = await pushImageLayers(client, 'named')
  await client.putImage({ repositoryName, imageManifest })
  const digests = [digestOf('named'), await pushLayer(client, 'loose')]
  nowMs += 59_999
  const younger = await pushLayer(client, 'younger')
  assert.deepEqual(await availability(client, ...digests), ['AVAILABLE', 'AVAILABLE'])
  nowMs += 1
  assert.deepEqual(await availability(client, ...digests), ['AVAILABLE', 'UNAVAILABLE'])
  assert.deepEqual(await availability(client, younger), ['AVAILABLE'])
})

test('without unreferencedLayerTtlMs a layer stays', async (t) => {
  let nowMs = Date.now()
  const { sandbox, client } = await openBoth(t, { nowMs: () => nowMs })
  const digest = await pushLayer(client, 'loose')
  nowMs += 60_000
  assert.deepEqual(await availability(client, digest), ['AVAILABLE'])
  sandbox.setSwitches({ unreferencedLayerTtlMs: 60_000 })
  assert.deepEqual(await availability(client, digest), ['UNAVAILABLE'])
})
