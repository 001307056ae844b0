import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import { createLayerCache } from '../../src/layers/layer-cache.ts'
import { createMountBlob } from '../../src/publish/mount-blob.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { codeIs } from '../support/code-is.ts'
import { admitLayer, condemnLayer, digestOf, layerBytes } from '../support/layers.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { recordingObserver } from '../support/recording-observer.ts'

const bytes = layerBytes(100)
const digest = digestOf(bytes)
const destination = { name: 'default', registry: 'aws/default' }
const source = parseRepositoryName('team/base')
const other = parseRepositoryName('team/other')
const mine = parseRepositoryName('team/app')
const target = { agent: 'ci', repository: mine, destination }
const never = new AbortController().signal

/** A layer that lies here and is known from `team/base`. */
async function setUp({ registry = destination.registry } = {}) {
  const spool = createMemorySpool()
  const journal = createMemoryJournal()
  const observer = recordingObserver()
  const checked: Digest[] = []
  await admitLayer(spool, createGate(spool), bytes)
  await journal.record({ registry, repository: source, digest }, 'other', bytes.length)
  const acceptance = {
    async check(_: unknown, asked: Digest) {
      checked.push(asked)
    },
  }
  const cache = createLayerCache(spool, journal)
  const ports = { journal, spool, cache, acceptance, observer }
  return {
    ...ports,
    checked,
    mountBlob: createMountBlob(ports),
    owed: () => journal.find({ registry: destination.registry, repository: mine, digest }),
  }
}

const canPull = () => true

for (const [how, from] of [
  ['from the repository that the client names', source],
  ['from any repository, when the client names none', undefined],
] as const) {
  test(`a layer that lies here is mounted ${how}: it is owed, and told`, async () => {
    const { mountBlob, owed, observer, checked } = await setUp()
    assert.equal(await mountBlob({ target, digest, canPull, ...(from && { from }) }, never), true)
    const forward = await owed()
    assert.deepEqual([forward?.state, forward?.agent, forward?.sizeBytes], ['owed', 'ci', 100])
    assert.deepEqual(checked, [digest])
    assert.deepEqual(observer.events, [
      { type: 'blob_mounted', repository: mine, agent: 'ci', digest, sizeBytes: 100 },
    ])
  })
}

for (const [why, mount] of [
  ['is not in the repository that the client names', { target, digest, from: other, canPull }],
  ['comes from nowhere that exists', { target, digest, from: 'Not A Name', canPull }],
  ['may not be pulled by the agent', { target, digest, canPull: () => false }],
  ['is unknown', { target, digest: digestOf(layerBytes(1)), canPull }],
] as const) {
  test(`a layer that ${why} is not mounted, and AWS is not asked`, async () => {
    const { mountBlob, owed, observer, checked } = await setUp()
    assert.equal(await mountBlob(mount, never), false)
    assert.deepEqual([await owed(), observer.events, checked], [undefined, [], []])
  })
}

test('only the repositories that the layer was pushed to are asked about', async () => {
  const { mountBlob } = await setUp()
  const asked: string[] = []
  await mountBlob({ target, digest, canPull: (name) => asked.push(name) > 0 }, never)
  assert.deepEqual(asked, [source])
})

test('a layer that is known from another registry alone is not mounted', async () => {
  const { mountBlob, owed } = await setUp({ registry: 'sandbox/default' })
  assert.equal(await mountBlob({ target, digest, canPull }, never), false)
  assert.equal(await owed(), undefined)
})

test('a layer that is known but lies here no more is not mounted', async () => {
  const { mountBlob, spool, owed } = await setUp()
  await condemnLayer(spool, digest)
  assert.equal(await mountBlob({ target, digest, canPull }, never), false)
  assert.equal(await owed(), undefined)
})

test('a repository that AWS does not have gets no layer', async () => {
  const { owed, ...ports } = await setUp()
  const missing = new LayergateError('repository_unknown', 'There is none.')
  const acceptance = { check: () => Promise.reject(missing) }
  const mountBlob = createMountBlob({ ...ports, acceptance })
  const refused = mountBlob({ target, digest, canPull }, never)
  await assert.rejects(refused, codeIs('repository_unknown'))
  assert.equal(await owed(), undefined)
})
