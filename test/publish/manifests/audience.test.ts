import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createAudience } from '../../../src/publish/manifests/audience.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { never } from '../setup.ts'

const graceMs = 10_000
const waitMs = 25_000

const isCi = (member: string) => member === 'ci'

function setUp(t: TestContext) {
  const clock = manualClock(t)
  const { promise: end, resolve: finish } = Promise.withResolvers<string>()
  let emptied = 0
  const audience = createAudience<string, string>(end, graceMs, () => {
    emptied += 1
  })
  return {
    clock,
    audience,
    finish,
    emptied: () => emptied,
    /** Waits, and is told to come back. */
    async goAway() {
      const answer = audience.wait('ci', waitMs, never)
      clock.advance(waitMs)
      assert.equal(await answer, 'pending')
    },
  }
}

test('everybody who waits is told the end', async (t) => {
  const { clock, audience, finish, emptied } = setUp(t)
  const waits = [audience.wait('ci', waitMs, never), audience.wait('ci', 0, never)]
  finish('done')
  assert.deepEqual(await Promise.all(waits), ['done', 'done'])
  await nextTurn()
  assert.equal(emptied(), 1)
  assert.equal(clock.pendingTimers, 0)
})

test('an end that is there already is told at once', async (t) => {
  const { audience, finish } = setUp(t)
  finish('done')
  assert.equal(await audience.wait('ci', 0, never), 'done')
})

test('the answer is pending when the time is over, and not before', async (t) => {
  const { clock, audience } = setUp(t)
  const answer = audience.wait('ci', waitMs, never)
  clock.advance(waitMs - 1)
  assert.equal(await Promise.race([answer, nextTurn()]), undefined)
  clock.advance(1)
  assert.equal(await answer, 'pending')
})

test('an abort ends one wait, with its reason', async (t) => {
  const { audience, finish, emptied } = setUp(t)
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const [left, stayed] = [
    audience.wait('ci', waitMs, leaving.signal),
    audience.wait('ci', waitMs, never),
  ]
  leaving.abort(reason)
  await assert.rejects(left, reason)
  assert.equal(emptied(), 0)
  finish('done')
  assert.equal(await stayed, 'done')
})

test('when the last one has left it is empty', async (t) => {
  const { audience, emptied } = setUp(t)
  const leaving = new AbortController()
  const waits = [
    audience.wait('ci', waitMs, leaving.signal),
    audience.wait('ci', waitMs, leaving.signal),
  ]
  leaving.abort(new Error('the client left'))
  await Promise.allSettled(waits)
  assert.equal(emptied(), 1)
})

test('who left before does not wait', async (t) => {
  const { audience, emptied } = setUp(t)
  const reason = new Error('the client left')
  await assert.rejects(audience.wait('ci', waitMs, AbortSignal.abort(reason)), reason)
  assert.equal(emptied(), 0)
})

test('who was told to come back is expected for the grace, and not longer', async (t) => {
  const { clock, goAway, emptied } = setUp(t)
  await goAway()
  clock.advance(graceMs - 1)
  assert.equal(emptied(), 0)
  clock.advance(1)
  assert.equal(emptied(), 1)
})

test('who comes back waits again, and the grace is over', async (t) => {
  const { clock, audience, goAway, emptied } = setUp(t)
  await goAway()
  const leaving = new AbortController()
  audience.welcomeBack(isCi)
  const again = audience.wait('ci', waitMs, leaving.signal)
  assert.equal(clock.pendingTimers, 1, 'that of the wait')
  clock.advance(graceMs)
  assert.equal(emptied(), 0)
  leaving.abort(new Error('the client left'))
  await assert.rejects(again)
  assert.equal(emptied(), 1)
})

test('one who comes back ends one grace', async (t) => {
  const { clock, audience, goAway, emptied } = setUp(t)
  const first = audience.wait('ci', waitMs, never)
  await goAway()
  await first
  audience.welcomeBack(isCi)
  const leaving = new AbortController()
  const again = audience.wait('ci', waitMs, leaving.signal)
  leaving.abort(new Error('the client left'))
  await assert.rejects(again)
  assert.equal(emptied(), 0)
  clock.advance(graceMs)
  assert.equal(emptied(), 1)
})

test('one whom nobody expects ends no grace', async (t) => {
  const { audience, finish, emptied } = setUp(t)
  audience.welcomeBack(isCi)
  finish('done')
  await audience.wait('ci', waitMs, never)
  assert.equal(emptied(), 1)
})

test('one whom nobody expects, though another is expected, ends no grace', async (t) => {
  const { clock, audience, goAway, emptied } = setUp(t)
  await goAway()
  audience.welcomeBack((member) => member === 'somebody else')
  assert.deepEqual(audience.members, ['ci'])
  clock.advance(graceMs - 1)
  assert.equal(emptied(), 0)
  clock.advance(1)
  assert.equal(emptied(), 1)
})

test('its members are those who wait and those who are expected back, and nobody who left', async (t) => {
  const { clock, audience, goAway } = setUp(t)
  assert.deepEqual(audience.members, [])
  await goAway()
  const leaving = new AbortController()
  const answer = audience.wait('somebody else', waitMs, leaving.signal)
  assert.deepEqual(audience.members, ['somebody else', 'ci'])
  leaving.abort(new Error('the client left'))
  await assert.rejects(answer)
  assert.deepEqual(audience.members, ['ci'])
  clock.advance(graceMs)
  assert.deepEqual(audience.members, [])
})

test('who was told to come back is expected, until it is there or its grace is over', async (t) => {
  const { audience, clock, goAway } = setUp(t)
  assert.equal(audience.isExpected(isCi), false)
  await goAway()
  assert.equal(audience.isExpected(isCi), true)
  assert.equal(
    audience.isExpected((member) => member === 'other'),
    false,
  )
  audience.welcomeBack(isCi)
  assert.equal(audience.isExpected(isCi), false)
  await goAway()
  clock.advance(graceMs)
  assert.equal(audience.isExpected(isCi), false)
})
