import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import { createLayerCache } from '../../src/layers/layer-cache.ts'
import type { ForwardError } from '../../src/publish/forward-journal.ts'
import { createForwardOrigins } from '../../src/publish/forward-origins.ts'
import { createMountBlob, type Mount, type MountPorts } from '../../src/publish/mount-blob.ts'
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

const flaw = { code: 'malformed_tar', detail: 'It ends early.' } as const
const found = { code: 'malformed_gzip', detail: 'It is cut off.' } as const

interface SetupOptions {
  readonly registry?: string
  /** Why it is held in `team/base`. */
  readonly heldFor?: ForwardError
  /** What its findings would have it held for. */
  readonly holdFor?: ForwardError
}

/** A layer that lies here and is known from `team/base`. */
async function setUp({ registry = destination.registry, heldFor, holdFor }: SetupOptions = {}) {
  const spool = createMemorySpool()
  const journal = createMemoryJournal()
  const observer = recordingObserver()
  const checked: Digest[] = []
  await admitLayer(spool, createGate(spool), bytes)
  await journal.record({ registry, repository: source, digest }, 'other', bytes.length, heldFor)
  const acceptance = {
    async check(_: unknown, asked: Digest) {
      checked.push(asked)
    },
  }
  const cache = createLayerCache(spool, journal)
  const holdOf: MountPorts['holdOf'] = async (asked, elsewhere) =>
    elsewhere ?? (asked === digest ? holdFor : undefined)
  const origins = createForwardOrigins()
  const ports = { journal, spool, cache, acceptance, origins, observer, holdOf }
  return {
    ...ports,
    checked,
    mountBlob: (mount: Omit<Mount, 'requestId'>, signal: AbortSignal) =>
      createMountBlob(ports)({ ...mount, requestId }, signal),
    owed: () => journal.find({ registry: destination.registry, repository: mine, digest }),
  }
}

const canPull = () => true
const requestId = 'request-1'

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
      { type: 'blob_mounted', repository: mine, agent: 'ci', digest, sizeBytes: 100, requestId },
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
  const refused = mountBlob({ target, digest, canPull, requestId }, never)
  await assert.rejects(refused, codeIs('repository_unknown'))
  assert.equal(await owed(), undefined)
})

for (const [why, options, error] of [
  ['is held where it comes from', { heldFor: flaw }, flaw],
  ['is no valid layer, as was found', { holdFor: found }, found],
  ['is both', { heldFor: flaw, holdFor: found }, flaw],
] as const) {
  test(`a layer that ${why} is mounted, told and held there too`, async () => {
    const { mountBlob, owed, observer } = await setUp(options)
    assert.equal(await mountBlob({ target, digest, canPull }, never), true)
    const forward = await owed()
    assert.deepEqual([forward?.state, forward?.error], ['held', error])
    assert.equal(observer.of('blob_mounted').length, 1)
  })
}

test('a layer that is held only where the agent may not pull is not held for that', async () => {
  const { mountBlob, owed, journal } = await setUp()
  const hidden = { registry: destination.registry, repository: other, digest }
  await journal.record(hidden, 'other', bytes.length, flaw)
  const mount = { target, digest, canPull: (repository: string) => repository === source }
  assert.equal(await mountBlob(mount, never), true)
  assert.equal((await owed())?.state, 'owed')
})

test('what is on its way to a repository stays so when it is mounted there', async () => {
  const { mountBlob, owed, journal } = await setUp({ heldFor: flaw, holdFor: found })
  await journal.record({ registry: destination.registry, repository: mine, digest }, 'ci', 100)
  assert.equal(await mountBlob({ target, digest, canPull }, never), true)
  assert.deepEqual([(await owed())?.state, (await owed())?.error], ['owed', undefined])
})
