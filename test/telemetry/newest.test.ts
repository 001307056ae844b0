import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNewest } from '../../src/telemetry/newest.ts'

test('the newest push out the oldest, and what is set again is new', () => {
  const newest = createNewest<number>(2)
  newest.set('a', 1)
  newest.set('b', 2)
  newest.set('a', 3)
  newest.set('c', 4)
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => newest.get(name)),
    [3, undefined, 4],
  )
})

test('what was taken is not there any more', () => {
  const newest = createNewest<number>(2)
  newest.set('a', 1)
  assert.equal(newest.take('a'), 1)
  assert.equal(newest.get('a'), undefined)
  assert.equal(newest.take('a'), undefined)
})
