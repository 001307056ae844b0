import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPaceBacklog, type PaceBacklog } from '../../../src/publish/pace/pace-backlog.ts'
import { parseDigest } from '../../../src/registry/digest.ts'
import type { LayergateEvent } from '../../../src/registry/events.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { createMemoryJournal } from '../../support/memory-journal.ts'
import { forwardEnded, forwardStarted, partSent, uploadEnded, uploadStarted } from './setup-pace.ts'

function backlogAfter(...events: readonly LayergateEvent[]) {
  const backlog = createPaceBacklog()
  for (const event of events) backlog.observe(event)
  return backlog
}

function bytesOf({ ready, total }: PaceBacklog) {
  return { readyBytes: ready.bytes, totalBytes: total.bytes }
}

function layersOf({ ready, total }: PaceBacklog) {
  return { readyLayers: ready.layers, totalLayers: total.layers }
}

test('what has come of a body counts, but is not ready', () => {
  const backlog = backlogAfter(uploadStarted)
  backlog.admitted(60, true)
  backlog.admitted(40, false)
  assert.deepEqual(bytesOf(backlog), { readyBytes: 0, totalBytes: 100 })
})

test('a layer that was verified is ready', () => {
  const backlog = backlogAfter(uploadStarted)
  backlog.admitted(100, true)
  backlog.observe(uploadEnded(100, 'verified', { layerSizeBytes: 100 }))
  assert.deepEqual(bytesOf(backlog), { readyBytes: 100, totalBytes: 100 })
})

test('a layer that is held counts until the journal, which counts none of these, is asked', async () => {
  const backlog = backlogAfter(uploadStarted)
  backlog.admitted(100, true)
  backlog.observe(uploadEnded(100, 'verified', { layerSizeBytes: 100 }))
  const journal = createMemoryJournal()
  const repository = parseRepositoryName('team/app')
  const digest = parseDigest(`sha256:${'b'.repeat(64)}`)
  const hold = { code: 'malformed_tar', detail: 'It ends early.' } as const
  await journal.record({ registry: 'default', repository, digest }, 'ci', 100, hold)
  const { owedBytes, owedLayers } = await journal.totals()
  backlog.correct({ bytes: owedBytes, layers: owedLayers })
  assert.deepEqual(bytesOf(backlog), { readyBytes: 0, totalBytes: 0 })
  assert.deepEqual(layersOf(backlog), { readyLayers: 0, totalLayers: 0 })
})

test('a layer that came in several requests is ready as a whole', () => {
  const backlog = backlogAfter(uploadStarted)
  backlog.admitted(70, true)
  backlog.observe(uploadEnded(70, 'unsettled'))
  assert.deepEqual(bytesOf(backlog), { readyBytes: 0, totalBytes: 0 })
  backlog.observe(uploadStarted)
  backlog.admitted(30, true)
  backlog.observe(uploadEnded(30, 'verified', { layerSizeBytes: 100 }))
  assert.deepEqual(bytesOf(backlog), { readyBytes: 100, totalBytes: 100 })
})

for (const outcome of ['refused', 'aborted', 'failed'] as const) {
  test(`a body that was ${outcome} counts no more`, () => {
    const backlog = backlogAfter(uploadStarted, uploadStarted)
    backlog.admitted(100, true)
    backlog.admitted(7, true)
    backlog.observe(uploadEnded(100, outcome))
    assert.deepEqual(bytesOf(backlog), { readyBytes: 0, totalBytes: 7 })
  })
}

test('when no body is left, nothing of one counts', () => {
  const backlog = backlogAfter(uploadStarted)
  backlog.admitted(100, true)
  backlog.observe(uploadEnded(60, 'aborted'))
  assert.equal(backlog.total.bytes, 0)
})

test('a blob that was mounted is ready', () => {
  const digest = parseDigest(`sha256:${'b'.repeat(64)}`)
  const about = { repository: 'team/app', agent: 'builder', digest }
  const backlog = backlogAfter({
    type: 'blob_mounted',
    ...about,
    sizeBytes: 50,
    requestId: 'request-1',
  })
  assert.deepEqual(bytesOf(backlog), { readyBytes: 50, totalBytes: 50 })
  assert.deepEqual(layersOf(backlog), { readyLayers: 1, totalLayers: 1 })
})

test('what the flights under way have sent is not before the upstream any more', () => {
  const backlog = backlogAfter(forwardStarted(100), forwardStarted(200))
  backlog.correct({ bytes: 1000, layers: 1 })
  backlog.observe(partSent(60, 1))
  backlog.observe(partSent(60, 1))
  assert.equal(backlog.ready.bytes, 880)
  backlog.observe(partSent(40, 1))
  backlog.observe(forwardEnded(100))
  assert.equal(backlog.ready.bytes, 840)
})

test('a layer that was there already is off, though nothing was sent', () => {
  const backlog = backlogAfter(forwardStarted(100), forwardStarted(200), partSent(50, 1))
  backlog.correct({ bytes: 300, layers: 1 })
  backlog.observe(forwardEnded(100, 'already_present'))
  assert.equal(backlog.ready.bytes, 150)
})

test('a parked forward is off until it is owed again', () => {
  const backlog = backlogAfter(forwardStarted(100))
  backlog.correct({ bytes: 300, layers: 1 })
  backlog.observe(forwardEnded(100, 'parked'))
  assert.equal(backlog.ready.bytes, 200)
})

for (const outcome of ['postponed', 'released'] as const) {
  test(`a ${outcome} forward is owed whole again`, () => {
    const backlog = backlogAfter(forwardStarted(100), partSent(50, 1))
    backlog.correct({ bytes: 300, layers: 1 })
    assert.equal(backlog.ready.bytes, 250)
    backlog.observe(forwardEnded(100, outcome))
    assert.equal(backlog.ready.bytes, 300)
  })
}

test('what failed flights have sent never hides more than what flies', () => {
  const backlog = backlogAfter(forwardStarted(10), forwardStarted(100), partSent(90, 1))
  backlog.correct({ bytes: 300, layers: 1 })
  backlog.observe(forwardEnded(100, 'postponed'))
  assert.equal(backlog.ready.bytes, 290)
  backlog.observe(forwardEnded(10))
  assert.equal(backlog.ready.bytes, 290)
})

test('what a failed flight has sent does not count for the next one', () => {
  const backlog = backlogAfter(forwardStarted(100), partSent(90, 1), forwardEnded(100, 'postponed'))
  backlog.correct({ bytes: 300, layers: 1 })
  backlog.observe(forwardStarted(200))
  assert.equal(backlog.ready.bytes, 300)
})

test('a layer that is sent twice is not counted below nothing', () => {
  const backlog = backlogAfter(forwardStarted(100), partSent(100, 1), partSent(100, 1))
  backlog.correct({ bytes: 100, layers: 1 })
  assert.equal(backlog.ready.bytes, 0)
  backlog.observe(forwardEnded(100))
  assert.deepEqual(bytesOf(backlog), { readyBytes: 0, totalBytes: 0 })
})

test('the journal has the last word', () => {
  const backlog = backlogAfter(uploadStarted, uploadEnded(100, 'verified', { layerSizeBytes: 100 }))
  backlog.correct({ bytes: 40, layers: 7 })
  assert.deepEqual([backlog.ready.bytes, backlog.ready.layers], [40, 7])
})
