import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createRepositorySlots } from '../../src/telemetry/repository-slots.ts'

test('a repository gets its slot once, and keeps it', () => {
  const slots = createRepositorySlots()
  assert.equal(slots.label('team/app'), 'other')
  assert.deepEqual([slots.open('team/app'), slots.open('team/app')], [true, false])
  assert.equal(slots.label('team/app'), 'team/app')
})

test('whoever comes, there are 200 labels and `other` at most', () => {
  const names = fc.array(fc.string({ minLength: 1 }), { minLength: 150, maxLength: 500 })
  fc.assert(
    fc.property(names, (repositories) => {
      const slots = createRepositorySlots()
      const opened = repositories.filter((repository) => slots.open(repository))
      const distinct = [...new Set(repositories)]
      assert.deepEqual(opened, distinct.slice(0, 200))
      for (const [index, repository] of distinct.entries()) {
        assert.equal(slots.label(repository), index < 200 ? repository : 'other')
      }
    }),
  )
})
