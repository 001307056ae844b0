import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createByteBudget } from '../../src/http/byte-budget.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never } from '../ingest/setup.ts'
import { watch } from '../publish/manifests/setup-manifests.ts'

const maxBytes = 10

/** A budget, and who has got bytes of it. */
function setUp() {
  const budget = createByteBudget(maxBytes)
  const got: string[] = []
  return {
    budget,
    got,
    async take(name: string, bytes: number, signal = never) {
      const taken = await budget.take(bytes, signal)
      got.push(name)
      return taken
    },
  }
}

test('who finds enough does not wait', async () => {
  const { take, got } = setUp()
  await Promise.all([take('one', 4), take('other', 6)])
  assert.deepEqual(got, ['one', 'other'])
})

test('who does not find enough waits until it is given back', async () => {
  const { take, got } = setUp()
  const one = await take('one', 4)
  const other = take('other', 7)
  await nextTurn()
  assert.deepEqual(got, ['one'])
  one[Symbol.dispose]()
  await other
  assert.deepEqual(got, ['one', 'other'])
})

test('who came first comes first, although a later one would fit', async () => {
  const { take, got } = setUp()
  const one = await take('one', 8)
  const others = [take('big', 9), take('small', 1)]
  await nextTurn()
  assert.deepEqual(got, ['one'])
  one[Symbol.dispose]()
  await Promise.all(others)
  assert.deepEqual(got, ['one', 'big', 'small'])
})

test('who leaves while it waits makes way for the next', async () => {
  const { take, got } = setUp()
  await take('one', 8)
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const left = take('big', 9, leaving.signal)
  const small = take('small', 1)
  leaving.abort(reason)
  await assert.rejects(left, reason)
  await small
  assert.deepEqual(got, ['one', 'small'])
})

test('who leaves in the moment of its turn gives everything back', async () => {
  const { budget, take, got } = setUp()
  const one = await take('one', 8)
  const leaving = new AbortController()
  const second = budget.take(9, leaving.signal)
  one[Symbol.dispose]()
  leaving.abort(new Error('the client left'))
  const taken = await second
  taken[Symbol.dispose]()
  await take('all', maxBytes)
  assert.deepEqual(got, ['one', 'all'])
})

test('who had left before takes nothing', async () => {
  const { budget, take, got } = setUp()
  const reason = new Error('the client left')
  await assert.rejects(budget.take(maxBytes, AbortSignal.abort(reason)), reason)
  await take('all', maxBytes)
  assert.deepEqual(got, ['all'])
})

test('who asks for more than there is gets its turn alone', async () => {
  const { take, got } = setUp()
  const one = await take('one', 1)
  const giant = take('giant', maxBytes + 1)
  const next = watch(take('next', 1))
  one[Symbol.dispose]()
  const taken = await giant
  await nextTurn()
  assert.deepEqual([got, next.now()], [['one', 'giant'], 'waiting'])
  taken[Symbol.dispose]()
  await nextTurn()
  assert.deepEqual(got, ['one', 'giant', 'next'])
})

test('what turns out not to be needed is given back at once', async () => {
  const budget = createByteBudget(maxBytes)
  using first = await budget.take(maxBytes, never)
  const second = budget.take(4, never)
  first.shrinkTo(6)
  const taken = await second
  taken[Symbol.dispose]()
  first[Symbol.dispose]()
  using _ = await budget.take(maxBytes, never)
})
