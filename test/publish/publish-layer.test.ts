import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import {
  type Fault,
  forgetUploads,
  keepOnly,
  loseAnswer,
  outOfOrder,
  refuse,
  scripted,
} from '../support/fake-upstream.ts'
import { layerBytes } from '../support/layers.ts'
import { storeLayer } from '../support/stored-layer.ts'
import { prepareFlight, wholeUpload } from './setup.ts'

test('a layer goes up in one upload, part by part, and lies there with its bytes', async () => {
  const { fly, upstream, layer, bytes, waitsMs } = await prepareFlight()
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 1 } })
  assert.deepEqual(upstream.calls, ['absent', ...wholeUpload('upload-1')])
  assert.deepEqual(upstream.layers.get(layer.digest), bytes)
  assert.deepEqual(waitsMs, [])
})

test('a layer that is there already is not sent', async () => {
  const { fly, upstream, layer, bytes } = await prepareFlight()
  upstream.layers.set(layer.digest, bytes)
  assert.deepEqual(await fly(), { published: { alreadyPresent: true, parts: 0, attempts: 0 } })
  assert.deepEqual(upstream.calls, ['absent'])
})

test('a layer that fits into one part is one part', async () => {
  const stored = await storeLayer(layerBytes(10))
  const { fly, upstream } = await prepareFlight({ stored })
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 1, attempts: 1 } })
  assert.deepEqual(upstream.calls, [
    'absent',
    'start upload-1',
    'part upload-1 0-9',
    'complete upload-1',
  ])
})

for (const [what, lostPart] of [
  ['a part in the middle', 1],
  ['the last part', 3],
] as const) {
  test(`when the answer to ${what} is lost, the upload goes on behind it`, async () => {
    const lastValidByte = Math.min((lostPart + 1) * 10, 35) - 1
    const sendPart = Array.from({ length: 4 }, (_, part) =>
      part === lostPart ? loseAnswer('part_out_of_order', { lastValidByte }) : undefined,
    )
    const { fly, upstream, layer, bytes } = await prepareFlight({ faults: scripted({ sendPart }) })
    assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 1 } })
    assert.deepEqual(upstream.calls, ['absent', ...wholeUpload('upload-1')])
    assert.deepEqual(upstream.layers.get(layer.digest), bytes)
  })
}

/** What the repeat of a part hears whose first answer was lost: the upstream stands behind it. */
const losePartAnswer: Fault = {
  after({ uploads }) {
    for (const bytes of uploads.values()) throw outOfOrder(bytes.length - 1)
  },
}

test('however many answers to its parts are lost, a layer goes up in one upload', async () => {
  const whichAreLost = fc.array(fc.boolean(), { minLength: 1, maxLength: 100 })
  await fc.assert(
    fc.asyncProperty(whichAreLost, async (lost) => {
      const stored = await storeLayer(layerBytes(lost.length * 10))
      const sendPart = lost.map((isLost) => (isLost ? losePartAnswer : undefined))
      const { fly, upstream } = await prepareFlight({ stored, faults: scripted({ sendPart }) })

      const parts = lost.length
      assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts, attempts: 1 } })
      assert.equal(upstream.calls.filter((call) => call.startsWith('part')).length, parts)
      assert.deepEqual(upstream.layers.get(stored.layer.digest), stored.bytes)
    }),
    { examples: [[Array.from({ length: 100 }, () => true)]] },
  )
})

test('lost answers to parts do not use up the times that an upload may go back', async () => {
  const goBack = refuse('part_out_of_order', { lastValidByte: 9 })
  const sendPart = [losePartAnswer, goBack, goBack, losePartAnswer, losePartAnswer, losePartAnswer]
  const { fly, upstream } = await prepareFlight({ faults: scripted({ sendPart }) })
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 1 } })
  assert.deepEqual(upstream.calls, [
    'absent',
    'start upload-1',
    'part upload-1 0-9',
    'part upload-1 10-19',
    'part upload-1 10-19',
    ...wholeUpload('upload-1').slice(2),
  ])
})

test('when the upstream lost a part, the upload goes on at that part', async () => {
  const sendPart = [undefined, undefined, keepOnly(10)]
  const { fly, upstream, layer, bytes } = await prepareFlight({ faults: scripted({ sendPart }) })
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 1 } })
  assert.deepEqual(upstream.calls, [
    'absent',
    'start upload-1',
    'part upload-1 0-9',
    'part upload-1 10-19',
    'part upload-1 20-29',
    'part upload-1 10-19',
    'part upload-1 20-29',
    'part upload-1 30-34',
    'complete upload-1',
  ])
  assert.deepEqual(upstream.layers.get(layer.digest), bytes)
})

for (const [what, fault] of Object.entries({
  'the last valid byte is not the end of a part': keepOnly(15),
  'no last valid byte is named': refuse('part_out_of_order'),
  'the last valid byte is one that was not sent': refuse('part_out_of_order', {
    lastValidByte: 34,
  }),
  'the upload is gone': forgetUploads(),
})) {
  test(`when ${what}, a fresh upload begins`, async () => {
    const sendPart = [undefined, undefined, fault]
    const { fly, upstream, layer, bytes } = await prepareFlight({ faults: scripted({ sendPart }) })
    assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 2 } })
    assert.deepEqual(upstream.calls, [
      'absent',
      ...wholeUpload('upload-1').slice(0, 4),
      ...wholeUpload('upload-2'),
    ])
    assert.deepEqual(upstream.layers.get(layer.digest), bytes)
    assert.equal(upstream.completions, 1)
  })
}

test('a flight begins two fresh uploads at most', async () => {
  const sendPart = Array.from({ length: 3 }, () => refuse('part_out_of_order'))
  const { fly, upstream } = await prepareFlight({ faults: scripted({ sendPart }) })
  const result = await fly()
  assert.ok('failed' in result && result.failed instanceof UpstreamError)
  assert.deepEqual([result.failed.failure, result.attempts], ['part_out_of_order', 3])
  assert.deepEqual(upstream.calls.filter((call) => call.startsWith('start')).length, 3)
  assert.equal(upstream.layers.size, 0)
})

test('one upload goes on elsewhere three times at most, then a fresh one begins', async () => {
  const sendPart = [
    undefined,
    ...Array.from({ length: 4 }, () => refuse('part_out_of_order', { lastValidByte: 9 })),
  ]
  const { fly, upstream } = await prepareFlight({ faults: scripted({ sendPart }) })
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 2 } })
  assert.deepEqual(upstream.calls, [
    'absent',
    'start upload-1',
    'part upload-1 0-9',
    ...Array.from({ length: 4 }, () => 'part upload-1 10-19'),
    ...wholeUpload('upload-2'),
  ])
})

test('when the answer to the completion is lost, the layer is there and is not sent again', async () => {
  const faults = scripted({ complete: [loseAnswer('upload_unknown')] })
  const { fly, upstream } = await prepareFlight({ faults })
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 1 } })
  assert.deepEqual(upstream.calls, ['absent', ...wholeUpload('upload-1'), 'absent'])
})

test('when the upload is gone at its completion and the layer is not there, a fresh one begins', async () => {
  const faults = scripted({ complete: [forgetUploads()] })
  const { fly, upstream } = await prepareFlight({ faults })
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 2 } })
  assert.deepEqual(upstream.calls, [
    'absent',
    ...wholeUpload('upload-1'),
    'absent',
    ...wholeUpload('upload-2'),
  ])
})

test('even after the last fresh upload it is asked whether the layer is there', async () => {
  const complete = [forgetUploads(), forgetUploads(), loseAnswer('upload_unknown')]
  const { fly, upstream } = await prepareFlight({ faults: scripted({ complete }) })
  assert.deepEqual(await fly(), { published: { alreadyPresent: false, parts: 4, attempts: 3 } })
  assert.equal(upstream.completions, 1)
})

test('an error that is nobody we know ends the flight as it is', async () => {
  const bug = new TypeError('a bug')
  const faults = scripted({
    start: [
      {
        before() {
          throw bug
        },
      },
    ],
  })
  const { fly } = await prepareFlight({ faults })
  assert.deepEqual(await fly(), { failed: bug, attempts: 1 })
})
