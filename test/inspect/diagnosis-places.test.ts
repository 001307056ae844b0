import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createDiagnosisPlaces,
  type DiagnosisBounds,
} from '../../src/inspect/thread/diagnosis-places.ts'
import { nextTurn } from '../support/next-turn.ts'

const roomy: DiagnosisBounds = { atOnce: 1, waiting: 9, waitingOfOneAgent: 9, waitingBytes: 9000 }

/** One place, and it is taken. */
async function taken(bounds: Partial<DiagnosisBounds> = {}) {
  const places = createDiagnosisPlaces({ ...roomy, ...bounds })
  const place = await places.take('busy', 1)
  assert.ok(place)
  const order: string[] = []
  return {
    place,
    order,
    async enter(agent: string, name = agent, sizeBytes = 1): Promise<void> {
      using found = await places.take(agent, sizeBytes)
      order.push(found ? name : `${name} turned away`)
    },
  }
}

test('as many as there are places are looked into at once, and the next one waits', async () => {
  const places = createDiagnosisPlaces({ ...roomy, atOnce: 2 })
  const [first] = await Promise.all([places.take('ci', 1), places.take('ci', 1)])
  let isWaiting = true
  const third = places.take('ci', 1).finally(() => {
    isWaiting = false
  })
  await nextTurn()
  assert.equal(isWaiting, true)
  first?.[Symbol.dispose]()
  assert.ok(await third)
})

test('those who wait come in turn between agents, and in their order among those of one', async () => {
  const { place, order, enter } = await taken()
  const names = ['a1', 'a2', 'a3', 'b1', 'b2']
  const entering = names.map((name) => enter(name.slice(0, 1), name))
  place[Symbol.dispose]()
  await Promise.all(entering)
  assert.deepEqual(order, ['a1', 'b1', 'a2', 'b2', 'a3'])
})

test('who finds too many waiting is turned away at once', async () => {
  const { place, order, enter } = await taken({ waiting: 2 })
  const entering = [enter('a'), enter('b'), enter('c')]
  await nextTurn()
  assert.deepEqual(order, ['c turned away'])
  place[Symbol.dispose]()
  await Promise.all(entering)
  assert.deepEqual(order, ['c turned away', 'a', 'b'])
})

test('one agent leaves room for the others', async () => {
  const { place, order, enter } = await taken({ waitingOfOneAgent: 2 })
  const entering = ['a1', 'a2', 'a3', 'b1'].map((name) => enter(name.slice(0, 1), name))
  await nextTurn()
  assert.deepEqual(order, ['a3 turned away'])
  place[Symbol.dispose]()
  await Promise.all(entering)
  assert.deepEqual(order, ['a3 turned away', 'a1', 'b1', 'a2'])
})

test('what waits is bounded in bytes, too, and a place that is free takes any size', async () => {
  const { place, order, enter } = await taken({ waitingBytes: 100 })
  const entering = [enter('a', 'a', 60), enter('b', 'b', 60), enter('c', 'c', 40)]
  await nextTurn()
  assert.deepEqual(order, ['b turned away'])
  place[Symbol.dispose]()
  await Promise.all(entering)
  await enter('b', 'b', 1e9)
  assert.deepEqual(order, ['b turned away', 'a', 'c', 'b'])
})

test('who has come to its turn counts no more', async () => {
  const { place, order, enter } = await taken({ waiting: 1, waitingOfOneAgent: 1, waitingBytes: 1 })
  const first = enter('a', 'a1')
  place[Symbol.dispose]()
  await first
  await Promise.all([enter('a', 'a2'), enter('a', 'a3')])
  assert.deepEqual(order, ['a1', 'a2', 'a3'])
})
