import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from '../../src/inspect/thread/turns.ts'
import { nextTurn } from '../support/next-turn.ts'

test('each thing is lent to one at a time, first come first served', async () => {
  const turns = createTurns(['a', 'b'])
  const log: string[] = []
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const all = ends.map(({ promise }, index) =>
    turns.take(async (thing) => {
      log.push(`${index} ${thing}`)
      await promise
    }),
  )
  await nextTurn()
  assert.deepEqual(log, ['0 b', '1 a'])
  ends[1]?.resolve()
  await all[1]
  await nextTurn()
  assert.deepEqual(log, ['0 b', '1 a', '2 a'])
  for (const { resolve } of ends) resolve()
  await Promise.all(all)
  assert.deepEqual(log.length, 4)
})

test('a task that fails gives its thing back', async () => {
  const turns = createTurns([1])
  await assert.rejects(
    turns.take(() => {
      throw new Error('It broke.')
    }),
    /broke/,
  )
  assert.equal(await turns.take((thing) => thing), 1)
})
