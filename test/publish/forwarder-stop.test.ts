import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTurn } from '../support/next-turn.ts'
import { hanging, settings, setUpForwarder } from './setup-forwarder.ts'

test('no more layers are carried at once than there are flights', async (t) => {
  const { forwarder, record, recordOther, journal, observer } = await setUpForwarder(t, {
    wrapUpstream: hanging,
  })
  await record()
  for (const seed of [2, 3]) await recordOther(seed)
  forwarder.start()
  await nextTurn()
  assert.equal(observer.of('forward_started').length, settings.flights)
  assert.equal((await journal.totals()).waiting, 1)
})

test('a stop ends the flights: their rows are given back as they were, and waiters go on waiting', async (t) => {
  const { forwarder, record, journal, key, ended, journalErrors } = await setUpForwarder(t, {
    wrapUpstream: hanging,
  })
  const { forward: before } = await record()
  forwarder.start()
  await nextTurn()
  assert.equal((await journal.find(key))?.state, 'forwarding')
  let hasSettled = false
  const waiting = new AbortController()
  const settled = journal.settled(key, waiting.signal).finally(() => {
    hasSettled = true
  })
  await forwarder.stop()
  assert.deepEqual(await journal.find(key), before)
  assert.deepEqual(
    ended().map(({ outcome, attempts }) => [outcome, attempts]),
    [['released', 0]],
  )
  assert.ok(ended().every((event) => !('error' in event)))
  assert.deepEqual(journalErrors, [])
  assert.equal(hasSettled, false)
  waiting.abort(new Error('enough'))
  await assert.rejects(settled, /enough/)
})

test('after a stop nothing is claimed', async (t) => {
  const { forwarder, record, journal, key } = await setUpForwarder(t)
  forwarder.start()
  await forwarder.stop()
  await record()
  await nextTurn()
  assert.equal((await journal.find(key))?.state, 'owed')
})

test('a stop of a forwarder that never started is over at once', async (t) => {
  const { forwarder, journalErrors } = await setUpForwarder(t)
  await forwarder.stop()
  assert.deepEqual(journalErrors, [])
})
