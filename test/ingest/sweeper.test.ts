import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSweeper } from '../../src/ingest/sweeper.ts'
import { nextTurn } from '../support/next-turn.ts'

test('each minute all tasks are done, one after the other', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const done: string[] = []
  const sweeper = createSweeper(
    [async () => void done.push('uploads'), async () => void done.push('forwards')],
    (error) => assert.fail(String(error)),
  )
  sweeper.start()
  assert.deepEqual(done, [])
  t.mock.timers.tick(60_000)
  await nextTurn()
  assert.deepEqual(done, ['uploads', 'forwards'])
  t.mock.timers.tick(60_000)
  await sweeper.stop()
  assert.equal(done.length, 4)
})

test('a task that fails keeps neither the others nor the next sweep from happening', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const errors: unknown[] = []
  let done = 0
  const failure = new Error('broken')
  const sweeper = createSweeper(
    [() => Promise.reject(failure), async () => void (done += 1)],
    (error) => errors.push(error),
  )
  sweeper.start()
  t.mock.timers.tick(120_000)
  await sweeper.stop()
  assert.deepEqual([errors, done], [[failure, failure], 2])
})

test('nothing is swept after the stop', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const sweeper = createSweeper([() => assert.fail('swept')], (error) => assert.fail(String(error)))
  sweeper.start()
  await sweeper.stop()
  t.mock.timers.tick(600_000)
  await nextTurn()
})
