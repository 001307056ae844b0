import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAwaited } from '../../src/publish/awaited.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { digestOf } from '../support/layers.ts'
import { repository } from './setup.ts'

const key = { registry: 'default', repository, digest: digestOf(Buffer.from('one')) }

test('a forward is awaited as long as anybody waits for it', () => {
  const awaited = createAwaited()
  const first = awaited.add([key])
  const second = awaited.add([key])
  first[Symbol.dispose]()
  assert.equal(awaited.has(key), true)
  second[Symbol.dispose]()
  assert.equal(awaited.has(key), false)
})

test('who stops waiting twice takes nobody else along', () => {
  const awaited = createAwaited()
  const first = awaited.add([key])
  awaited.add([key])
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  assert.equal(awaited.has(key), true)
})

test('the same layer in another repository or registry, or another layer, is not awaited', () => {
  const awaited = createAwaited()
  awaited.add([key])
  const others = [
    { ...key, registry: 'other' },
    { ...key, repository: parseRepositoryName('team/other') },
    { ...key, digest: digestOf(Buffer.from('two')) },
  ]
  assert.deepEqual(others.filter(awaited.has), [])
})
