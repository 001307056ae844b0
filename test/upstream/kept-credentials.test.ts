import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeptCredentials } from '../../src/upstream/kept-credentials.ts'
import { nextTurn } from '../support/next-turn.ts'

const minuteMs = 60_000

/** Credentials of an hour, from a source that can be told to fail or to wait. */
function setUp() {
  let nowMs = 0
  let fetches = 0
  let failure: Error | undefined
  let gate: Promise<void> | undefined
  const renewals: string[] = []
  const current = createKeptCredentials({
    now: () => nowMs,
    onRenewal: (outcome) => renewals.push(outcome),
    async fetch() {
      fetches += 1
      const index = fetches
      await gate
      if (failure) throw failure
      const expiration = new Date(nowMs + 60 * minuteMs)
      return { accessKeyId: `KEY${index}`, secretAccessKey: 'secret', expiration }
    },
  })
  return {
    key: async (options?: { forceRefresh: boolean }) => (await current(options)).accessKeyId,
    renewals,
    fetches: () => fetches,
    at(minutes: number) {
      nowMs = minutes * minuteMs
    },
    fail(error: Error | undefined) {
      failure = error
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
  }
}

const down = new Error('the source is down')

test('credentials are fetched once for all who need them first, and then kept', async () => {
  const { key, fetches, at } = setUp()
  assert.equal(fetches(), 0)
  assert.deepEqual(await Promise.all([key(), key(), key()]), ['KEY1', 'KEY1', 'KEY1'])
  at(54)
  assert.equal(await key(), 'KEY1')
  assert.equal(fetches(), 1)
})

test('in their last five minutes one renewal is under way, for which nobody waits', async () => {
  const { key, fetches, at, hold, renewals } = setUp()
  await key()
  at(56)
  const letGo = hold()
  assert.deepEqual(await Promise.all([key(), key()]), ['KEY1', 'KEY1'])
  assert.equal(fetches(), 2)
  assert.deepEqual(renewals, [])
  letGo()
  await nextTurn()
  assert.equal(await key(), 'KEY2')
  assert.equal(fetches(), 2)
  assert.deepEqual(renewals, ['refreshed'])
})

test('a renewal that fails leaves the old ones in use, and is tried again after a rest', async () => {
  const { key, fetches, at, fail, renewals } = setUp()
  await key()
  fail(down)
  at(56)
  await key()
  await nextTurn()
  assert.equal(await key(), 'KEY1')
  assert.equal(fetches(), 2)
  at(57)
  assert.equal(await key(), 'KEY1')
  await nextTurn()
  assert.equal(fetches(), 3)
  assert.deepEqual(renewals, ['failed', 'failed'])
  fail(undefined)
  at(58)
  await key()
  await nextTurn()
  assert.equal(await key(), 'KEY4')
})

test('once they have ended a call waits for new ones, and fails where there are none', async () => {
  const { key, at, fail } = setUp()
  await key()
  at(60)
  fail(down)
  await assert.rejects(key(), down)
  fail(undefined)
  assert.equal(await key(), 'KEY3')
})

test('credentials that would end on the way are not used', async () => {
  const { key, at } = setUp()
  await key()
  at(59.9)
  assert.equal(await key(), 'KEY2')
})

test('what AWS no longer takes is fetched anew although it looks good, and not kept when that fails', async () => {
  const { key, fail, renewals } = setUp()
  await key()
  assert.equal(await key({ forceRefresh: true }), 'KEY2')
  fail(down)
  await assert.rejects(key({ forceRefresh: true }), down)
  assert.deepEqual(renewals, [])
})

test('a first fetch that failed is made again by the next call', async () => {
  const { key, fail } = setUp()
  fail(down)
  await assert.rejects(key(), down)
  fail(undefined)
  assert.equal(await key(), 'KEY2')
})
