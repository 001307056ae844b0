import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedSync } from '../../src/storage/disk/shared-sync.ts'
import { nextTurn } from '../support/next-turn.ts'

/** Syncs that end when they are told to. */
function heldSyncs() {
  const under: PromiseWithResolvers<void>[] = []
  const sync = sharedSync(() => {
    const held = Promise.withResolvers<void>()
    under.push(held)
    return held.promise
  })
  return { under, sync }
}

test('all who ask in one turn share one sync', async () => {
  const { under, sync } = heldSyncs()
  const asked = [sync(), sync(), sync()]
  await nextTurn()
  assert.equal(under.length, 1)
  under[0]?.resolve()
  await Promise.all(asked)
})

test('a sync that is under way is too early for whoever asks now', async () => {
  const { under, sync } = heldSyncs()
  const first = sync()
  await nextTurn()
  const [second, third] = [sync(), sync()]
  await nextTurn()
  assert.equal(under.length, 1)
  under[0]?.resolve()
  await first
  const winner = await Promise.race([second, nextTurn().then(() => 'still open')])
  assert.deepEqual([winner, under.length], ['still open', 2])
  under[1]?.resolve()
  await Promise.all([second, third])
})

test('a sync that fails, fails all who share it, and nobody else', async () => {
  const { under, sync } = heldSyncs()
  const failing = Promise.allSettled([sync(), sync()])
  await nextTurn()
  const later = sync()
  const reason = new Error('EIO')
  under[0]?.reject(reason)
  assert.deepEqual(await failing, [
    { status: 'rejected', reason },
    { status: 'rejected', reason },
  ])
  await nextTurn()
  under[1]?.resolve()
  await later
})

test('who asks after the end of a sync gets a new one', async () => {
  const { under, sync } = heldSyncs()
  const first = sync()
  await nextTurn()
  under[0]?.resolve()
  await first
  const second = sync()
  await nextTurn()
  assert.equal(under.length, 2)
  under[1]?.resolve()
  await second
})
