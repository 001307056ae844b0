import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFollowing } from '../../src/inspect/following.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { nextTurn } from '../support/next-turn.ts'

const never = new AbortController().signal
const id = newUploadId()

/** Following with a lag of 100 bytes, and one upload that waits at `writtenBytes`. */
async function waitingAt(writtenBytes: number, signal = never) {
  const following = createFollowing(100)
  await following.catchUp(id, 1, never)
  let isWaiting = true
  const waiting = following.catchUp(id, writtenBytes, signal).finally(() => {
    isWaiting = false
  })
  waiting.catch(() => {})
  await nextTurn()
  return {
    following,
    waiting,
    async isWaiting() {
      await nextTurn()
      return isWaiting
    },
  }
}

test('an upload that is not far ahead of its inspection does not wait', async () => {
  const { isWaiting } = await waitingAt(100)
  assert.equal(await isWaiting(), false)
})

test('an upload that is far ahead waits until its inspection has come near', async () => {
  const { following, isWaiting } = await waitingAt(250)
  following.progress({ id, positionBytes: 149 })
  assert.equal(await isWaiting(), true)
  following.progress({ id, positionBytes: 150 })
  assert.equal(await isWaiting(), false)
})

test('the progress of others helps nobody', async () => {
  const { following, isWaiting } = await waitingAt(250)
  following.progress({ id: newUploadId(), positionBytes: Infinity })
  assert.equal(await isWaiting(), true)
})

test('an upload whose inspection needs no more never waits again', async () => {
  const { following, isWaiting } = await waitingAt(250)
  following.progress({ id, positionBytes: Infinity })
  assert.equal(await isWaiting(), false)
  await following.catchUp(id, 1e9, never)
})

test('an inspection that needs no more is known until its upload is over', async () => {
  const { following } = await waitingAt(250)
  assert.equal(following.isDecided(id), false)
  following.progress({ id, positionBytes: 200 })
  assert.equal(following.isDecided(id), false)
  following.progress({ id, positionBytes: Infinity })
  assert.equal(following.isDecided(id), true)
  following.forget(id)
  assert.equal(following.isDecided(id), false)
})

for (const [what, end] of [
  ['is over', (following: ReturnType<typeof createFollowing>) => following.forget(id)],
  [
    'has lost its inspector',
    (following: ReturnType<typeof createFollowing>) => following.release(),
  ],
] as const) {
  test(`an upload that ${what} waits no more`, async () => {
    const { following, isWaiting } = await waitingAt(250)
    end(following)
    assert.equal(await isWaiting(), false)
  })
}

test('who gives up waits no more, and leaves the others alone', async () => {
  const leaving = new AbortController()
  const { following, waiting } = await waitingAt(250, leaving.signal)
  leaving.abort(new Error('gone'))
  await assert.rejects(waiting, /gone/)
  following.progress({ id, positionBytes: 0 })
})

test('an upload that is followed from far behind its beginning never waits: its end will', async () => {
  const following = createFollowing(100)
  await following.catchUp(id, 250, never)
  following.progress({ id, positionBytes: 1 })
  await following.catchUp(id, 500, never)
})
