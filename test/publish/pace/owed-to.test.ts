import assert from 'node:assert/strict'
import { test } from 'node:test'
import { owedTo } from '../../../src/publish/pace/owed-to.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { createMemoryJournal } from '../../support/memory-journal.ts'

const hold = { code: 'malformed_tar', detail: 'It ends early.' } as const
const keyOf = (registry: string, seed: number) => ({
  registry,
  repository: parseRepositoryName('team/app'),
  digest: digestOf(layerBytes(10, seed)),
})

test('what is owed to a destination is counted, and nothing that is held, or owed to another', async () => {
  const journal = createMemoryJournal()
  await journal.record(keyOf('aws/1', 1), 'ci', 100)
  await journal.record(keyOf('aws/1', 2), 'ci', 20)
  await journal.record(keyOf('aws/1', 3), 'ci', 3000, hold)
  await journal.record(keyOf('aws/2', 4), 'ci', 40_000)
  await journal.record(keyOf('aws/3', 5), 'ci', 500_000)
  const names = new Map([
    ['aws/1', 'one'],
    ['aws/2', 'two'],
  ])
  const owed = (name: string) => owedTo(journal, ({ registry }) => names.get(registry), name)
  assert.deepEqual(await owed('one'), { bytes: 120, layers: 2 })
  assert.deepEqual(await owed('two'), { bytes: 40_000, layers: 1 })
  assert.deepEqual(await owed('three'), { bytes: 0, layers: 0 })
})
