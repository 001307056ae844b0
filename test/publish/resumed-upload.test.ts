import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { StartedUpload } from '../../src/publish/forward-journal.ts'
import { forgetUploads, keepOnly, outOfOrder, refuse, scripted } from '../support/fake-upstream.ts'
import { prepareFlight, wholeUpload } from './setup.ts'

/** An upload that an earlier flight left at `sentBytes`, and the notes that a flight takes. */
async function leftAt(sentBytes: number, options: Parameters<typeof prepareFlight>[0] = {}) {
  const flight = await prepareFlight(options)
  const notes: (StartedUpload | undefined)[] = []
  const id = 'upload-0'
  flight.upstream.uploads.set(id, flight.bytes.subarray(0, sentBytes))
  const started = { id, partSizeBytes: 10, sentBytes }
  const note = (upload: StartedUpload | undefined) => void notes.push(upload)
  return {
    ...flight,
    started,
    notes,
    goOn: (isCounted = true) => flight.fly({ started, isCounted, note }),
  }
}

test('an upload goes on behind the last part that is stored for sure', async () => {
  const { goOn, upstream, layer, bytes } = await leftAt(20)
  assert.deepEqual(await goOn(), { published: { alreadyPresent: false, parts: 4, attempts: 0 } })
  assert.deepEqual(upstream.calls, [
    'absent',
    'part upload-0 20-29',
    'part upload-0 30-34',
    'complete upload-0',
  ])
  assert.deepEqual(upstream.layers.get(layer.digest), bytes)
})

test('an upload whose flight nobody could count is counted when it is gone on with', async () => {
  const { goOn } = await leftAt(20)
  assert.deepEqual(await goOn(false), {
    published: { alreadyPresent: false, parts: 4, attempts: 1 },
  })
})

test('an upload whose last part was sent is only completed', async () => {
  const { goOn, upstream } = await leftAt(35)
  await goOn()
  assert.deepEqual(upstream.calls, ['absent', 'complete upload-0'])
})

test('a layer that is there after its last part was sent came there by that upload', async () => {
  const { goOn, upstream, layer, bytes } = await leftAt(35)
  upstream.layers.set(layer.digest, bytes)
  assert.deepEqual(await goOn(), { published: { alreadyPresent: false, parts: 4, attempts: 0 } })
  assert.deepEqual(upstream.calls, ['absent'])
})

test('when the upstream has a part more than was noted, the upload goes on behind it', async () => {
  const { goOn, started, upstream, bytes, layer } = await leftAt(10)
  upstream.uploads.set(started.id, bytes.subarray(0, 30))
  await goOn()
  assert.deepEqual(upstream.calls, [
    'absent',
    'part upload-0 10-19',
    'part upload-0 30-34',
    'complete upload-0',
  ])
  assert.deepEqual(upstream.layers.get(layer.digest), bytes)
})

test('when the upstream does not know the upload any more, a fresh one is started', async () => {
  const faults = scripted({ sendPart: [forgetUploads()] })
  const { goOn, upstream, notes } = await leftAt(20, { faults })
  assert.deepEqual(await goOn(), { published: { alreadyPresent: false, parts: 4, attempts: 1 } })
  assert.deepEqual(upstream.calls, ['absent', 'part upload-0 20-29', ...wholeUpload('upload-1')])
  assert.equal(notes[0], undefined)
})

test('when the upstream does not say where it stands, a fresh upload is started', async () => {
  const faults = scripted({
    sendPart: [
      {
        before() {
          throw outOfOrder(undefined)
        },
      },
    ],
  })
  const { goOn, upstream } = await leftAt(20, { faults })
  await goOn()
  assert.deepEqual(upstream.calls, ['absent', 'part upload-0 20-29', ...wholeUpload('upload-1')])
})

test('when the upstream lost parts, they are sent again', async () => {
  const faults = scripted({ sendPart: [keepOnly(10)] })
  const { goOn, upstream, layer, bytes } = await leftAt(20, { faults })
  await goOn()
  assert.deepEqual(upstream.layers.get(layer.digest), bytes)
  assert.deepEqual(upstream.calls.slice(0, 3), [
    'absent',
    'part upload-0 20-29',
    'part upload-0 10-19',
  ])
})

test('an upload that AWS calls invalid is not gone on with', async () => {
  const { goOn, upstream, notes, bytes, layer } = await leftAt(20)
  const wrong = Buffer.from(bytes.subarray(0, 20))
  wrong[0] = (wrong[0] ?? 0) ^ 1
  upstream.uploads.set('upload-0', wrong)
  assert.deepEqual(await goOn(), {
    published: { alreadyPresent: false, parts: 4, attempts: 1 },
    invalid: 'in_transit',
  })
  assert.ok(notes.includes(undefined))
  assert.deepEqual(upstream.layers.get(layer.digest), bytes)
})

test('each part that is stored is noted', async () => {
  const notes: (StartedUpload | undefined)[] = []
  const { fly } = await prepareFlight()
  await fly({ isCounted: false, note: (upload) => void notes.push(upload) })
  assert.deepEqual(
    notes.map((upload) => [upload?.id, upload?.partSizeBytes, upload?.sentBytes]),
    [0, 10, 20, 30, 35].map((sentBytes) => ['upload-1', 10, sentBytes]),
  )
})

test('a flight that is cut off leaves the upload where the next one can go on', async () => {
  const notes: (StartedUpload | undefined)[] = []
  const sendPart = [undefined, undefined, refuse('unavailable')]
  const { fly } = await prepareFlight({ faults: scripted({ sendPart }) })
  await fly({ isCounted: false, note: (upload) => void notes.push(upload) })
  assert.deepEqual(notes.at(-1), { id: 'upload-1', partSizeBytes: 10, sentBytes: 20 })
})

test('wherever the notes and the upstream stand, the layer arrives whole', async () => {
  const position = fc.integer({ min: 0, max: 4 }).map((parts) => Math.min(parts * 10, 35))
  await fc.assert(
    fc.asyncProperty(position, position, async (notedBytes, storedBytes) => {
      const { goOn, started, upstream, bytes, layer } = await leftAt(notedBytes)
      upstream.uploads.set(started.id, bytes.subarray(0, storedBytes))
      const result = await goOn()
      assert.ok('published' in result)
      assert.deepEqual(upstream.layers.get(layer.digest), bytes)
    }),
  )
})
