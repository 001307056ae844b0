import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPaceBacklog, type PaceBacklog } from '../../../src/publish/pace/pace-backlog.ts'
import type { LayergateEvent } from '../../../src/registry/events.ts'
import {
  forwardEnded,
  forwardJoined,
  forwardStarted,
  uploadEnded,
  uploadStarted,
} from './setup-pace.ts'

function backlogAfter(...events: readonly LayergateEvent[]) {
  const backlog = createPaceBacklog()
  for (const event of events) backlog.observe(event)
  return backlog
}

function layersOf({ ready, total }: PaceBacklog) {
  return { readyLayers: ready.layers, totalLayers: total.layers }
}

test('a body is a layer from its first bytes on, however many come', () => {
  const backlog = backlogAfter(uploadStarted, uploadStarted)
  assert.deepEqual(layersOf(backlog), { readyLayers: 0, totalLayers: 0 })
  backlog.admitted(10, true)
  backlog.admitted(10, false)
  assert.deepEqual(layersOf(backlog), { readyLayers: 0, totalLayers: 1 })
})

test('a layer that was verified is one that is ready', () => {
  const backlog = backlogAfter(uploadStarted, uploadStarted)
  backlog.admitted(100, true)
  backlog.observe(uploadEnded(100, 'verified', { layerSizeBytes: 100 }))
  assert.deepEqual(layersOf(backlog), { readyLayers: 1, totalLayers: 1 })
})

test('a request without a body ends no body of another', () => {
  const backlog = backlogAfter(uploadStarted, uploadStarted)
  backlog.admitted(100, true)
  backlog.observe(uploadEnded(0, 'verified', { layerSizeBytes: 70 }))
  assert.deepEqual(layersOf(backlog), { readyLayers: 1, totalLayers: 2 })
})

test('when no body is left, no layer of one counts', () => {
  const backlog = backlogAfter(uploadStarted, uploadStarted)
  backlog.admitted(100, true)
  backlog.admitted(100, true)
  backlog.observe(uploadEnded(100, 'aborted'))
  assert.equal(backlog.total.layers, 1)
  backlog.observe(uploadEnded(0, 'aborted'))
  assert.equal(backlog.total.layers, 0)
})

for (const outcome of ['forwarded', 'already_present', 'parked'] as const) {
  test(`a layer that ended as ${outcome} is off`, () => {
    const backlog = backlogAfter(forwardStarted(100))
    backlog.correct({ bytes: 300, layers: 3 })
    backlog.observe(forwardEnded(100, outcome))
    assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [200, 2])
  })
}

for (const outcome of ['postponed', 'released', 'still_parked'] as const) {
  test(`a layer that ended as ${outcome} counts as before`, () => {
    const backlog = backlogAfter(forwardStarted(100))
    backlog.correct({ bytes: 300, layers: 3 })
    backlog.observe(forwardEnded(100, outcome))
    assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [300, 3])
  })
}

test('a layer that came again while it was owed is no second debt', () => {
  const verified = uploadEnded(100, 'verified', { layerSizeBytes: 100 })
  const backlog = backlogAfter(uploadStarted, uploadStarted, verified, forwardJoined(100), verified)
  assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [100, 1])
})

test('of two layers that end at once the one that was owed is told by its size', () => {
  const backlog = backlogAfter(uploadStarted, uploadStarted)
  backlog.correct({ bytes: 100, layers: 1 })
  backlog.observe(forwardJoined(100))
  backlog.observe(uploadEnded(70, 'verified', { layerSizeBytes: 70 }))
  backlog.observe(uploadEnded(100, 'verified', { layerSizeBytes: 100 }))
  assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [170, 2])
})

test('a layer that came again counts if its first debt was paid by then', () => {
  const verified = uploadEnded(100, 'verified', { layerSizeBytes: 100 })
  const backlog = backlogAfter(uploadStarted, uploadStarted, uploadStarted)
  for (const event of [forwardJoined(100), verified, verified]) backlog.observe(event)
  assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [100, 1])
})

test('an upload that failed after its layer was joined does not hide the next one', () => {
  const backlog = backlogAfter(uploadStarted, forwardJoined(100), uploadEnded(100, 'failed'))
  backlog.observe(uploadStarted)
  backlog.observe(uploadEnded(100, 'verified', { layerSizeBytes: 100 }))
  assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [100, 1])
})

test('a layer that is there twice over is not counted below nothing', () => {
  const flights = [forwardStarted(100), forwardStarted(100)]
  const backlog = backlogAfter(...flights, forwardEnded(100), forwardEnded(100))
  assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [0, 0])
})
