import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createPlaces } from '../../src/ingest/places.ts'
import { codeIs } from '../support/code-is.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never } from './setup.ts'

test('those who wait get a place first come, first served', async () => {
  const places = createPlaces(1, 20_000)
  const first = await places.take('ci', never)
  const order: string[] = []
  const waiting = ['second', 'third', 'fourth'].map(async (name) => {
    using _ = await places.take('ci', never)
    order.push(name)
  })
  assert.deepEqual([places.taken, places.waiting], [1, 3])
  first[Symbol.dispose]()
  await Promise.all(waiting)
  assert.deepEqual(order, ['second', 'third', 'fourth'])
  assert.deepEqual([places.taken, places.waiting], [0, 0])
})

test('a newcomer does not overtake those who wait', async () => {
  const places = createPlaces(1, 20_000)
  const first = await places.take('ci', never)
  const waiting = places.take('ci', never)
  first[Symbol.dispose]()
  const newcomer = places.take('ci', never)
  const second = await waiting
  assert.deepEqual([places.taken, places.waiting], [1, 1])
  second[Symbol.dispose]()
  using _ = await newcomer
})

test('who finds no place in time is told when to come back', async (t) => {
  const clock = manualClock(t)
  const places = createPlaces(1, 20_000)
  using _ = await places.take('ci', never)
  const waiting = places.take('ci', never)
  clock.advance(19_999)
  assert.equal(places.waiting, 1)
  clock.advance(1)
  await assert.rejects(waiting, {
    code: 'overloaded',
    message: 'No place became free within 20 s.',
    facts: { retryAfterSeconds: 10 },
  })
  assert.deepEqual([places.taken, places.waiting, clock.pendingTimers], [1, 0, 0])
})

test('an abort ends a wait with its reason, and those behind move up', async (t) => {
  const clock = manualClock(t)
  const places = createPlaces(1, 20_000)
  const first = await places.take('ci', never)
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const left = places.take('ci', leaving.signal)
  const stayed = places.take('ci', never)
  leaving.abort(reason)
  await assert.rejects(left, reason)
  assert.equal(places.waiting, 1)
  first[Symbol.dispose]()
  using _ = await stayed
  assert.deepEqual([places.taken, places.waiting, clock.pendingTimers], [1, 0, 0])
})

test('nobody who left before gets a place', async () => {
  const places = createPlaces(1, 20_000)
  const reason = new Error('the client left')
  await assert.rejects(places.take('ci', AbortSignal.abort(reason)), reason)
  assert.equal(places.taken, 0)
})

test('who got a place listens to its signal no more', async () => {
  const places = createPlaces(1, 20_000)
  const { signal } = new AbortController()
  const first = await places.take('ci', signal)
  const second = places.take('ci', signal)
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  first[Symbol.dispose]()
  using _ = await second
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})

test('a place is given back once, however often its holder does so', async () => {
  const places = createPlaces(2, 20_000)
  const [one, other] = [await places.take('ci', never), await places.take('ci', never)]
  one[Symbol.dispose]()
  one[Symbol.dispose]()
  assert.equal(places.taken, 1)
  other[Symbol.dispose]()
  assert.equal(places.taken, 0)
})

const gone = new Error('gone')

function requireGone(error: unknown): void {
  assert.equal(error, gone)
}

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('take' as const) }),
    fc.record({ do: fc.constant('leave' as const), who: fc.nat({ max: 9 }) }),
    fc.record({ do: fc.constant('abort' as const), who: fc.nat({ max: 9 }) }),
    fc.record({ do: fc.constant('turn' as const) }),
  ),
  { maxLength: 60 },
)

test('under any interleaving no place is lost and none is given twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (count, script) => {
      const places = createPlaces(count, 2 ** 30)
      const held: Disposable[] = []
      const aborts: AbortController[] = []
      const takes: Promise<void>[] = []

      async function take(signal: AbortSignal): Promise<void> {
        held.push(await places.take('ci', signal))
      }

      for (const step of script) {
        switch (step.do) {
          case 'take': {
            const controller = new AbortController()
            aborts.push(controller)
            takes.push(take(controller.signal).catch(requireGone))
            break
          }
          case 'leave':
            held.splice(step.who, 1)[0]?.[Symbol.dispose]()
            break
          case 'abort':
            aborts.splice(step.who, 1)[0]?.abort(gone)
            break
          case 'turn':
            await nextTurn()
            assert.equal(places.taken, held.length)
        }
        assert.ok(places.taken <= count && held.length <= count)
        assert.ok(
          places.waiting === 0 || places.taken === count,
          'nobody waits beside a free place',
        )
      }

      do {
        for (const place of held.splice(0)) place[Symbol.dispose]()
        await nextTurn()
      } while (held.length > 0)
      await Promise.all(takes)
      assert.deepEqual([places.taken, places.waiting], [0, 0])
    }),
  )
})

test('a wait that timed out takes nothing from those who come later', async (t) => {
  const clock = manualClock(t)
  const places = createPlaces(1, 20_000)
  const first = await places.take('ci', never)
  const late = places.take('ci', never)
  clock.advance(20_000)
  await assert.rejects(late, codeIs('overloaded'))
  first[Symbol.dispose]()
  using _ = await places.take('ci', never)
  assert.equal(places.taken, 1)
})

test('agents take turns: who has many uploads does not keep the others from theirs', async () => {
  const places = createPlaces(1, 20_000)
  const first = await places.take('many', never)
  const order: string[] = []
  const waiting = ['many', 'many', 'many', 'few', 'one'].map(async (agent) => {
    using _ = await places.take(agent, never)
    order.push(agent)
  })
  first[Symbol.dispose]()
  await Promise.all(waiting)
  assert.deepEqual(order, ['many', 'few', 'one', 'many', 'many'])
})
