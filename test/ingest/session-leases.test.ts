import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createSessionLeases } from '../../src/ingest/session-leases.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { codeIs } from '../support/code-is.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never } from './setup.ts'

const id = newUploadId()

function setUpLeases(t: TestContext) {
  const clock = manualClock(t)
  return { clock, leases: createSessionLeases(() => clock.now().getTime()) }
}

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const later = Symbol('later')
  return (await Promise.race([promise, nextTurn().then(() => later)])) !== later
}

test('sessions do not wait for each other', async () => {
  const leases = createSessionLeases()
  const held = [await leases.take(id, never), await leases.take(newUploadId(), never)]
  assert.equal(held.length, 2)
})

test('the next one waits until the holder is done', async (t) => {
  const { leases, clock } = setUpLeases(t)
  const first = await leases.take(id, never)
  const second = leases.take(id, never)
  assert.equal(await isDone(second), false)
  first[Symbol.dispose]()
  assert.equal(await isDone(second), true)
  assert.equal(clock.pendingTimers, 0)
})

test('those who wait come in the order in which they asked', async (t) => {
  const { leases } = setUpLeases(t)
  const first = await leases.take(id, never)
  const order: string[] = []
  const others = ['second', 'third'].map(async (name) => {
    using _ = await leases.take(id, never)
    order.push(name)
  })
  await nextTurn()
  first[Symbol.dispose]()
  await Promise.all(others)
  assert.deepEqual(order, ['second', 'third'])
})

test('a holder whose client is silent is asked to stop', async (t) => {
  const { leases, clock } = setUpLeases(t)
  const first = await leases.take(id, never)
  const second = leases.take(id, never)
  await nextTurn()
  assert.equal(first.lost.aborted, false)
  clock.advance(2_000)
  assert.equal(first.lost.aborted, true)
  assert.ok(codeIs('upload_busy')(first.lost.reason))
  first[Symbol.dispose]()
  using _ = await second
})

test('nobody is asked to stop while nobody waits', async (t) => {
  const { leases, clock } = setUpLeases(t)
  using first = await leases.take(id, never)
  clock.advance(60_000)
  assert.equal(first.lost.aborted, false)
})

test('a holder that is served by us is not silent', async (t) => {
  const { leases, clock } = setUpLeases(t)
  using first = await leases.take(id, never)
  const { promise, resolve } = Promise.withResolvers<void>()
  const work = first.working(() => promise)
  const second = assert.rejects(leases.take(id, never), codeIs('upload_busy'))
  for (let passedMs = 0; passedMs < 5_000; passedMs += 100) clock.advance(100)
  await second
  assert.equal(first.lost.aborted, false)
  resolve()
  await work
})

test('after work of ours the client has its time again', async (t) => {
  const { leases, clock } = setUpLeases(t)
  using first = await leases.take(id, never)
  clock.advance(1_900)
  await first.working(() => Promise.resolve())
  const second = assert.rejects(leases.take(id, never), codeIs('upload_busy'))
  clock.advance(1_900)
  assert.equal(first.lost.aborted, false)
  for (let passedMs = 0; passedMs < 5_000; passedMs += 100) clock.advance(100)
  assert.equal(first.lost.aborted, true)
  await second
})

test('who leaves while it waits leaves nothing behind', async (t) => {
  const { leases, clock } = setUpLeases(t)
  const first = await leases.take(id, never)
  const leaving = new AbortController()
  const reason = new Error('The client left.')
  const second = assert.rejects(leases.take(id, leaving.signal), reason)
  leaving.abort(reason)
  await second
  assert.equal(clock.pendingTimers, 0)
  first[Symbol.dispose]()
  using _ = await leases.take(id, never)
})

test('a lease that was given back twice lets in one', async (t) => {
  const { leases } = setUpLeases(t)
  const first = await leases.take(id, never)
  const second = leases.take(id, never)
  await nextTurn()
  first[Symbol.dispose]()
  using _ = await second
  first[Symbol.dispose]()
  assert.equal(leases.takeFree(id), undefined)
})

test('only a free session can be taken without waiting', async () => {
  const leases = createSessionLeases()
  const first = leases.takeFree(id)
  assert.ok(first)
  assert.equal(leases.takeFree(id), undefined)
  first[Symbol.dispose]()
  using third = leases.takeFree(id)
  assert.ok(third)
})
