import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { createTagLane, type MoveEnd, type Turn } from '../../../src/publish/manifests/tag-lane.ts'

const digestAt = (arrival: number) => digestOf(layerBytes(arrival))

/** A lane with three arrivals, and what each of them was answered. */
function setUp() {
  const lane = createTagLane()
  for (const arrival of [1, 2, 3]) lane.arrive(arrival, digestAt(arrival))
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
  lane.handBack(1, 'moved')
  assert.deepEqual(answers, [
    [1, 'go'],
    [2, 'go'],
  ])
})

test('of those who wait the oldest comes first', () => {
  const { lane, answers, ready } = setUp()
  lane.arrive(4, digestAt(4))
  ready(1)
  for (const arrival of [4, 2, 3]) ready(arrival)
  for (const arrival of [1, 2, 3]) lane.handBack(arrival, 'moved')
  assert.deepEqual(
    answers.map(([arrival, turn]) => `${arrival} ${turn}`),
    ['1 go', '2 go', '3 go', '4 go'],
  )
})

test('once a newer one has gone ahead, an older one is superseded', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, 'moved')
  ready(1)
  assert.deepEqual(answers.slice(1), [[1, 'superseded']])
})

test('an older one waits for the end of a newer one, and moves the tag when that was refused', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  ready(1)
  assert.deepEqual(answers, [[2, 'go']])
  lane.handBack(2, 'not_moved')
  assert.deepEqual(answers.slice(1), [[1, 'go']])
})

test('an older one that waits for a newer one is superseded when that has gone ahead', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  ready(1)
  lane.handBack(2, 'moved')
  assert.deepEqual(answers.slice(1), [[1, 'superseded']])
})

test('the same arrival may move the tag once more', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, 'moved')
  ready(2)
  assert.deepEqual(answers.slice(1), [[2, 'go']])
})

test('who has withdrawn gets no turn, and keeps nobody waiting', () => {
  const { lane, answers, ready } = setUp()
  ready(1)
  ready(2)
  ready(3)
  lane.withdraw(2)
  lane.handBack(1, 'moved')
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

test('an older one waits while a newer one that may have moved the tag is still trying', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, 'unknown')
  ready(1)
  assert.deepEqual(answers, [[2, 'go']])
  ready(2)
  assert.deepEqual(answers.slice(1), [[2, 'go']])
  lane.handBack(2, 'moved')
  assert.deepEqual(answers.slice(2), [[1, 'superseded']])
})

test('an older one goes when a newer one that may have moved the tag was refused after all', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, 'unknown')
  ready(1)
  ready(2)
  assert.equal(lane.isInDoubt(2), true)
  assert.equal(lane.settle(undefined), undefined)
  lane.handBack(2, 'not_moved')
  assert.deepEqual(answers.slice(2), [[1, 'go']])
  assert.equal(lane.isInDoubt(1), false)
})

test('an older one goes when a newer one that may have moved the tag has left, and has to read it', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, 'unknown')
  ready(1)
  lane.leave(2)
  assert.deepEqual(answers.slice(1), [[1, 'go']])
  assert.equal(lane.isInDoubt(1), true)
})

test('a tag that names a newer one in doubt was moved by it', () => {
  const { lane, answers, ready } = setUp()
  ready(2)
  lane.handBack(2, 'unknown')
  lane.leave(2)
  ready(1)
  assert.equal(lane.settle(digestAt(2)), 2)
  lane.handBack(1, 'not_moved')
  ready(1)
  assert.deepEqual(answers.slice(2), [[1, 'superseded']])
})

test('a tag that names something else was moved by none of those in doubt', () => {
  const { lane, ready } = setUp()
  for (const arrival of [2, 3]) {
    ready(arrival)
    lane.handBack(arrival, 'unknown')
    lane.leave(arrival)
  }
  ready(1)
  assert.equal(lane.settle(digestAt(9)), undefined)
  assert.equal(lane.isInDoubt(1), false)
})

test('of two in doubt with the manifest that the tag names the newer one counts', () => {
  const lane = createTagLane()
  for (const arrival of [1, 2, 3]) lane.arrive(arrival, digestAt(7))
  for (const arrival of [3, 2]) {
    lane.ready(arrival, () => {})
    lane.handBack(arrival, 'unknown')
    lane.leave(arrival)
  }
  assert.equal(lane.settle(digestAt(7)), 3)
})

test('an older one in doubt holds up nobody, and is superseded by the next that moves the tag', () => {
  const { lane, answers, ready } = setUp()
  ready(1)
  lane.handBack(1, 'unknown')
  ready(2)
  assert.deepEqual(answers.slice(1), [[2, 'go']])
  assert.equal(lane.isInDoubt(2), false)
  lane.handBack(2, 'moved')
  ready(1)
  assert.deepEqual(answers.slice(2), [[1, 'superseded']])
})

/** `lost`: the tag was moved, `failed`: it was not, and nobody knows in both cases. */
type End = 'moved' | 'not_moved' | 'lost' | 'failed'

type Step =
  | { readonly do: 'arrive' }
  | { readonly do: 'ready' | 'withdraw' | 'leave'; readonly who: number }
  | { readonly do: 'end'; readonly how: End }

const someone = fc.nat({ max: 20 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('arrive') }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ready'), who: someone }) },
  fc.record({ do: fc.constantFrom('withdraw', 'leave'), who: someone }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('end'),
      how: fc.constantFrom('moved', 'not_moved', 'lost', 'failed'),
    }),
  },
)

const told: Readonly<Record<End, MoveEnd>> = {
  moved: 'moved',
  not_moved: 'not_moved',
  lost: 'unknown',
  failed: 'unknown',
}

/** A lane, and the tag as it is in truth. */
function setUpModel() {
  const lane = createTagLane()
  const present = new Set<number>()
  const waiting = new Set<number>()
  const doubtful = new Set<number>()
  const moves: number[] = []
  let arrivals = 0
  let moving: number | undefined

  const truth = () => moves.at(-1) ?? 0
  const mayGo = (arrival: number) => ![...doubtful].some((d) => d > arrival && present.has(d))
  const canHandle = (who: number) => present.has(who) && who !== moving

  function answer(arrival: number, turn: Turn): void {
    assert.ok(waiting.delete(arrival), 'nobody is answered twice')
    if (turn === 'superseded') {
      assert.ok(arrival < truth(), 'who is superseded is older than a move')
      return
    }
    assert.equal(moving, undefined, 'one at a time')
    moving = arrival
  }

  function end(how: End): void {
    if (moving === undefined) return
    const arrival = moving
    moving = undefined
    if (lane.isInDoubt(arrival)) {
      const mover = lane.settle(truth() === 0 ? undefined : digestAt(truth()))
      doubtful.clear()
      if (mover !== undefined) {
        assert.equal(mover, truth())
        if (mover >= arrival) return lane.handBack(arrival, 'not_moved')
      }
    }
    assert.ok(arrival >= truth(), 'never backwards')
    if (how === 'moved' || how === 'lost') moves.push(arrival)
    if (told[how] === 'unknown') doubtful.add(arrival)
    lane.handBack(arrival, told[how])
  }

  function take(step: Step): void {
    if (step.do === 'end') return end(step.how)
    if (step.do === 'arrive') {
      arrivals += 1
      present.add(arrivals)
      return lane.arrive(arrivals, digestAt(arrivals))
    }
    const { who } = step
    if (!canHandle(who) || (step.do === 'ready' && waiting.has(who))) return
    if (step.do === 'ready') {
      waiting.add(who)
      return lane.ready(who, (turn) => answer(who, turn))
    }
    waiting.delete(who)
    lane.withdraw(who)
    if (step.do === 'withdraw') return
    present.delete(who)
    lane.leave(who)
  }

  return {
    take(step: Step) {
      take(step)
      assert.ok(moving !== undefined || ![...waiting].some(mayGo), 'nobody waits for nothing')
    },
    /** Those who are in doubt give up; the others move the tag. */
    finish() {
      for (const who of doubtful) take({ do: 'leave', who })
      for (let left = waiting.size; left >= 0; left -= 1) end('moved')
      assert.deepEqual([moving, waiting.size], [undefined, 0])
      assert.deepEqual(
        moves,
        moves.toSorted((one, other) => one - other),
      )
    },
  }
}

test('whatever comes in whatever order: one at a time, never backwards, and nobody is forgotten', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (script) => {
      const model = setUpModel()
      for (const step of script) model.take(step)
      model.finish()
    }),
    { numRuns: 1000 },
  )
})
