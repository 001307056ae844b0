import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reactTo, type Reaction, type UploadStep } from '../../src/publish/recovery.ts'
import { failures, finalFailures } from './setup.ts'

const steps: readonly UploadStep[] = ['start', 'part', 'complete']
const untouched = { freshUploads: 0, integrityFailures: 0 }
const fail: Reaction = { do: 'fail', unlessPresent: false }

for (const failure of finalFailures) {
  for (const step of steps) {
    test(`${failure} at ${step} ends the flight, whatever went before`, () => {
      assert.deepEqual(reactTo(failure, step, untouched), fail)
      assert.deepEqual(reactTo(failure, step, { freshUploads: 2, integrityFailures: 4 }), fail)
    })
  }
}

for (const step of steps) {
  const unlessPresent = step === 'complete'

  test(`upload_unknown at ${step} asks for a fresh upload, twice at most`, () => {
    const reactions = [0, 1, 2].map((freshUploads) =>
      reactTo('upload_unknown', step, { ...untouched, freshUploads }),
    )
    assert.deepEqual(reactions, [
      { do: 'fresh_upload', unlessPresent },
      { do: 'fresh_upload', unlessPresent },
      { do: 'fail', unlessPresent },
    ])
  })

  test(`part_out_of_order at ${step} asks for a fresh upload, twice at most`, () => {
    const reactions = [0, 1, 2].map((freshUploads) =>
      reactTo('part_out_of_order', step, { ...untouched, freshUploads }),
    )
    assert.deepEqual(reactions, [
      { do: 'fresh_upload', unlessPresent: false },
      { do: 'fresh_upload', unlessPresent: false },
      fail,
    ])
  })

  test(`invalid_layer at ${step} sends all again after 1, 2 and 4 s, and then no more`, () => {
    const reactions = [0, 1, 2, 3].map((integrityFailures) =>
      reactTo('invalid_layer', step, { freshUploads: 2, integrityFailures }),
    )
    assert.deepEqual(reactions, [
      { do: 'resend', waitMs: 1000 },
      { do: 'resend', waitMs: 2000 },
      { do: 'resend', waitMs: 4000 },
      fail,
    ])
  })
}

test('every failure is known here', () => {
  for (const failure of failures) assert.ok(reactTo(failure, 'part', untouched))
})
