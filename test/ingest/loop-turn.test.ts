import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeOfTurn } from '../../src/ingest/loop-turn.ts'
import { nextTurn } from '../support/next-turn.ts'

const KiB = 1024

test('what is left of a turn is for whoever comes, and then nothing until the next one', async () => {
  await nextTurn()
  assert.equal(takeOfTurn(256 * KiB), undefined)
  const next = takeOfTurn(256 * KiB)
  assert.ok(next)
  assert.equal(takeOfTurn(1), next)

  await next
  assert.equal(takeOfTurn(256 * KiB), undefined)
  await nextTurn()
})
