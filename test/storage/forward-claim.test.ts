import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createForwardClaim } from '../../src/storage/sqlite/forward-claim.ts'
import { layerOf } from './support/layers.ts'

const row = {
  id: 1,
  registry: 'default',
  repository: 'team/app',
  digest: layerOf(Buffer.from('x')).digest,
  state: 'owed',
  agent: 'ci',
  size_bytes: 1,
  already_present: 0,
  parts: 0,
  attempts: 0,
  error_code: null,
  error_detail: null,
  upload_id: null,
  due_at: 0,
  recorded_at: 0,
  changed_at: 0,
  claimed_from: 'owed',
}

test('a claim whose end could not be written can still be finished', async () => {
  let isFull = true
  let changes = 0
  const claim = createForwardClaim({
    journal: {
      async run() {
        if (isFull) throw new Error('full')
        return [[], [], [row]]
      },
      commits: () => 0,
      close: async () => {},
    },
    row,
    now: () => new Date(0),
    onChanged() {
      changes += 1
    },
  })
  await assert.rejects(claim.forwarded({ alreadyPresent: false, parts: 1, attempts: 1 }), /full/)
  assert.equal(changes, 0)
  isFull = false
  await claim.release()

  assert.equal(changes, 1)
  await assert.rejects(claim.progress(undefined), /finished/)
  await assert.rejects(claim.release(), /finished/)
})
