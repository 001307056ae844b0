import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { lingering } from '../../src/upstream/lingering.ts'
import { manualClock } from '../support/manual-clock.ts'

const reason = new Error('the client left')

function setUp(t: TestContext) {
  const clock = manualClock(t)
  const controller = new AbortController()
  return { clock, controller, late: lingering(controller.signal, 2000) }
}

test('the abort comes later, with the same reason', (t) => {
  const { clock, controller, late } = setUp(t)
  controller.abort(reason)
  clock.advance(1999)
  assert.equal(late.signal.aborted, false)
  clock.advance(1)
  assert.equal(late.signal.reason, reason)
})

test('without an abort there is none', (t) => {
  const { clock, late } = setUp(t)
  clock.advance(10_000)
  assert.equal(late.signal.aborted, false)
  assert.equal(clock.pendingTimers, 0)
})

test('what is over is not aborted, before or after the signal', (t) => {
  const { clock, controller, late } = setUp(t)
  const other = lingering(controller.signal, 2000)
  other[Symbol.dispose]()
  controller.abort(reason)
  late[Symbol.dispose]()
  assert.equal(clock.pendingTimers, 0)
  clock.advance(10_000)
  assert.deepEqual([late.signal.aborted, other.signal.aborted], [false, false])
})
