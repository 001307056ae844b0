import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createTagLane, type Turn } from '../../src/publish/tag-lane.ts'

/** A lane with three arrivals, and what each of them was answered. */
function setUp() {
  const lane = createTagLane()
  for (const arrival of [1, 2, 3]) lane.arrive(arrival)
  const answers: [arrival: number, Turn][] = []
  const ready = (arrival: number) => lane.ready(arrival, (turn) => answers.push([arrival, turn]))
  return { lane, answers, ready }
}

test('who is ready moves the tag at once, although older ones are not ready', () => {
  const { answers, ready } = setUp()
  ready(3)
  assert.deepEqual(answers, [[3, 'go']])
})

test('two do not move the tag at the same time', () => {
  const { lane, answers, ready } = setUp()
  ready(1)
  ready(2)
  assert.deepEqual(answers, [[1, 'go']])
  lane.handBack(1, true)
  assert.deepEqual(answers, [
    [1, 'go'],
    [2, 'go'],
  ])
})

test('of those who wait the oldest comes first', () => {
  const { lane, answers, ready } = setUp()
  lane.arrive(4)
  ready(1)
  for (const arrival of [4, 2, 3]) ready(arrival)
  for (const arrival of [1, 2, 3]) lane.handBack(arrival, true)
  assert.deepEqual(
    answers.map(([arrival, turn]) => `${arrival} ${turn}`),
    ['1 go', '2 go', '3 go', '4 go'],
  )
})

test('once a newer one has gone ahead, an older one is superseded', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, true)
  ready(1)
  assert.deepEqual(answers.slice(1), [[1, 'superseded']])
})

test('an older one waits for the end of a newer one, and moves the tag when that was refused', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  ready(1)
  assert.deepEqual(answers, [[2, 'go']])
  lane.handBack(2, false)
  assert.deepEqual(answers.slice(1), [[1, 'go']])
})

test('an older one that waits for a newer one is superseded when that has gone ahead', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  ready(1)
  lane.handBack(2, true)
  assert.deepEqual(answers.slice(1), [[1, 'superseded']])
})

test('the same arrival may move the tag once more', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, true)
  ready(2)
  assert.deepEqual(answers.slice(1), [[2, 'go']])
})

test('who has withdrawn gets no turn, and keeps nobody waiting', () => {
  const { lane, answers, ready } = setUp()
  ready(1)
  ready(2)
  ready(3)
  lane.withdraw(2)
  lane.handBack(1, true)
  assert.deepEqual(answers.slice(1), [[3, 'go']])
})

test('a lane is empty when all have left, and remembers its newest', () => {
  const { lane } = setUp()
  assert.deepEqual([lane.newest, lane.isEmpty], [3, false])
  for (const arrival of [3, 1]) lane.leave(arrival)
  assert.deepEqual([lane.newest, lane.isEmpty], [3, false])
  lane.leave(2)
  assert.equal(lane.isEmpty, true)
})

type Step =
  | { readonly do: 'arrive' }
  | { readonly do: 'ready' | 'withdraw'; readonly who: number }
  | { readonly do: 'end'; readonly wentAhead: boolean }

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('arrive') }),
  fc.record({ do: fc.constantFrom('ready', 'withdraw'), who: fc.nat({ max: 20 }) }),
  fc.record({ do: fc.constant('end'), wentAhead: fc.boolean() }),
)

test('whatever comes in whatever order: one at a time, never backwards, and nobody is forgotten', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (script) => {
      const lane = createTagLane()
      const waiting = new Set<number>()
      const moves: number[] = []
      let arrivals = 0
      let moving: number | undefined
      let newestMove = 0

      const answer = (arrival: number, turn: Turn) => {
        assert.ok(waiting.delete(arrival), 'nobody is answered twice')
        if (turn === 'superseded') {
          assert.ok(arrival < newestMove, 'who is superseded is older than a move')
          return
        }
        assert.equal(moving, undefined, 'one at a time')
        assert.ok(arrival >= newestMove, 'never backwards')
        moving = arrival
      }
      const end = (wentAhead: boolean) => {
        if (moving === undefined) return
        const arrival = moving
        moving = undefined
        if (wentAhead) {
          moves.push(arrival)
          newestMove = arrival
        }
        lane.handBack(arrival, wentAhead)
      }

      for (const step of script) {
        if (step.do === 'arrive') {
          arrivals += 1
          lane.arrive(arrivals)
        } else if (step.do === 'end') {
          end(step.wentAhead)
        } else if (step.who >= 1 && step.who <= arrivals && step.who !== moving) {
          if (step.do === 'withdraw') {
            waiting.delete(step.who)
            lane.withdraw(step.who)
          } else if (!waiting.has(step.who)) {
            waiting.add(step.who)
            lane.ready(step.who, (turn) => answer(step.who, turn))
          }
        }
        assert.ok(moving !== undefined || waiting.size === 0, 'a free lane keeps nobody waiting')
      }
      for (let left = waiting.size; left >= 0; left -= 1) end(true)
      assert.deepEqual([moving, waiting.size], [undefined, 0])
      assert.deepEqual(
        moves,
        moves.toSorted((one, other) => one - other),
      )
    }),
    { numRuns: 1000 },
  )
})
