import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoth, repositoryName } from './support/open-sandbox.ts'
import { digestOf, pushLayer } from './support/push.ts'

test('layers are available or not, each once, and what is no digest is a failure', async (t) => {
  const { client } = await openBoth(t)
  const present = await pushLayer(client, 'abcd')
  const absent = digestOf('other')
  const layerDigests = [present, absent, present, 'abcd', '']
  const { layers, failures } = await client.batchCheckLayerAvailability({
    repositoryName,
    layerDigests,
  })
  assert.deepEqual(layers, [
    { layerDigest: present, layerAvailability: 'AVAILABLE', layerSize: 4 },
    { layerDigest: absent, layerAvailability: 'UNAVAILABLE' },
  ])
  assert.deepEqual(
    failures?.map(({ layerDigest, failureCode }) => [layerDigest, failureCode]),
    [
      ['abcd', 'InvalidLayerDigest'],
      ['', 'InvalidLayerDigest'],
    ],
  )
})

test('an absent layer is MissingLayerDigest where so switched', async (t) => {
  const { client } = await openBoth(t, { switches: { absentAs: 'failure' } })
  const layerDigests = [digestOf('other')]
  const { layers, failures } = await client.batchCheckLayerAvailability({
    repositoryName,
    layerDigests,
  })
  assert.deepEqual(layers, [])
  assert.deepEqual(failures, [
    {
      layerDigest: digestOf('other'),
      failureCode: 'MissingLayerDigest',
      failureReason: 'Layer not found',
    },
  ])
})

test('a removed layer is absent and can be stored again', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const digest = await pushLayer(client, 'abcd')
  sandbox.removeLayer(repositoryName, digest)
  const { layers } = await client.batchCheckLayerAvailability({
    repositoryName,
    layerDigests: [digest],
  })
  assert.equal(layers?.[0]?.layerAvailability, 'UNAVAILABLE')
  await pushLayer(client, 'abcd')
  assert.equal(sandbox.state().repositories[0]?.layers[0]?.storedTimes, 2)
})
