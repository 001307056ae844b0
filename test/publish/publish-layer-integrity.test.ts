import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import { codeIs } from '../support/code-is.ts'
import { flipBit, forgetUploads, scripted } from '../support/fake-upstream.ts'
import { condemnLayer, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { storeLayer, withDamage } from '../support/stored-layer.ts'
import { prepareFlight, wholeUpload } from './setup.ts'

test('bytes that were damaged on the way are sent again after a second, and counted as that', async () => {
  const { fly, upstream, waitsMs, layer, bytes } = await prepareFlight({
    faults: scripted({ sendPart: [flipBit()] }),
  })
  assert.deepEqual(await fly(), {
    published: { alreadyPresent: false, parts: 4, attempts: 2 },
    invalid: 'in_transit',
  })
  assert.deepEqual(waitsMs, [1000])
  assert.deepEqual(upstream.calls, [
    'absent',
    ...wholeUpload('upload-1'),
    ...wholeUpload('upload-2'),
  ])
  assert.deepEqual(upstream.layers.get(layer.digest), bytes)
})

test('bytes that are damaged every time are sent four times and given up as unresolved', async () => {
  const { fly, upstream, waitsMs, spool, layer } = await prepareFlight({
    faults: (operation) => (operation === 'sendPart' ? flipBit() : undefined),
    partSizeBytes: 100,
  })
  const result = await fly()
  assert.ok('failed' in result && result.failed instanceof UpstreamError)
  assert.equal(result.failed.failure, 'invalid_layer')
  assert.deepEqual([result.attempts, result.invalid], [4, 'unresolved'])
  assert.deepEqual(waitsMs, [1000, 2000, 4000])
  assert.equal(upstream.layers.size, 0)
  assert.notEqual(await spool.find(layer.digest), undefined)
})

test('bytes that changed in the spool are not sent again: they are dropped, and told as that', async () => {
  const stored = await storeLayer(layerBytes(35), withDamage(createMemorySpool()))
  const { fly, upstream, waitsMs } = await prepareFlight({ stored })
  const result = await fly()
  assert.ok('failed' in result && codeIs('spool_damaged')(result.failed))
  assert.deepEqual([result.attempts, result.invalid], [1, 'spool_damaged'])
  assert.deepEqual(waitsMs, [])
  assert.deepEqual(upstream.calls, ['absent', ...wholeUpload('upload-1'), 'absent'])
  assert.equal(await stored.spool.find(stored.layer.digest), undefined)
})

test('bytes that are gone from the spool end the flight, and are nothing that AWS called invalid', async () => {
  const { fly, upstream, spool, layer } = await prepareFlight()
  await condemnLayer(spool, layer.digest)
  const result = await fly()
  assert.ok('failed' in result && codeIs('spool_damaged')(result.failed))
  assert.ok(!('invalid' in result))
  assert.equal(upstream.layers.size, 0)
})

test('fresh uploads and resends are counted apart', async () => {
  const sendPart = [flipBit(), forgetUploads(), flipBit(), forgetUploads(), flipBit()]
  const { fly, waitsMs } = await prepareFlight({
    faults: scripted({ sendPart }),
    partSizeBytes: 100,
  })
  assert.deepEqual(await fly(), {
    published: { alreadyPresent: false, parts: 1, attempts: 6 },
    invalid: 'in_transit',
  })
  assert.deepEqual(waitsMs, [1000, 2000, 4000])
})
