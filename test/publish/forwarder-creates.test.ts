import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ForwarderPorts } from '../../src/publish/forwarder.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { type Faults, refuse, scripted, upstreamError } from '../support/fake-upstream.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never, wholeUpload } from './setup.ts'
import { setUpForwarder } from './setup-forwarder.ts'

const missing = refuse('repository_unknown')
const creating: ForwarderPorts['destinationOf'] = (registry) => ({
  name: 'acme',
  registry,
  createRepositories: true,
})

interface Options {
  readonly faults: Faults
  readonly createRepository?: ForwarderPorts['createRepository']
  readonly destinationOf?: ForwarderPorts['destinationOf']
}

test('a repository that was deleted meanwhile is created again, and the layer sent', async (t) => {
  const created: string[] = []
  const { forwarder, record, journal, key, upstream, layer } = await setUp(t, {
    faults: scripted({ absent: [missing] }),
    createRepository: async (call) => void created.push(call.repository),
  })
  await record()
  forwarder.start()
  const forward = await journal.settled(key, never)
  assert.deepEqual([forward.state, forward.attempts], ['forwarded', 1])
  assert.deepEqual(created, ['team/app'])
  assert.deepEqual(upstream.calls, ['absent', 'absent', ...wholeUpload('upload-1')])
  assert.ok(upstream.layers.has(layer.digest))
})

test('deleted in the middle of an upload: it starts anew, and both uploads count', async (t) => {
  const { forwarder, record, journal, key, ended } = await setUp(t, {
    faults: scripted({ sendPart: [undefined, missing] }),
    createRepository: async () => undefined,
  })
  await record()
  forwarder.start()
  const forward = await journal.settled(key, never)
  assert.deepEqual([forward.state, forward.attempts], ['forwarded', 2])
  await nextTurn()
  assert.deepEqual(
    ended().map(({ outcome, attempts }) => [outcome, attempts]),
    [['forwarded', 2]],
  )
})

test('a repository that is missing still after that parks the layer: it is created once in a try', async (t) => {
  let creations = 0
  const { forwarder, record, journal, key } = await setUp(t, {
    faults: scripted({ absent: [missing, missing] }),
    createRepository: async () => void (creations += 1),
  })
  await record()
  forwarder.start()
  const forward = await journal.settled(key, never)
  assert.deepEqual([forward.state, forward.error?.code], ['parked', 'repository_unknown'])
  assert.equal(creations, 1)
})

test('where it may not be created the layer is parked with the reason', async (t) => {
  const { forwarder, record, journal, key } = await setUp(t, {
    faults: scripted({ absent: [missing] }),
    createRepository: () =>
      Promise.reject(new LayergateError('upstream_credentials', 'The permission is missing.')),
  })
  await record()
  forwarder.start()
  const { state, error } = await journal.settled(key, never)
  const expected = { code: 'upstream_credentials', detail: 'The permission is missing.' }
  assert.deepEqual([state, error], ['parked', expected])
})

test('what was uploaded went with the repository: the next try does not go on from there', async (t) => {
  const { forwarder, record, journal, key } = await setUp(t, {
    faults: scripted({ sendPart: [undefined, missing] }),
    createRepository: () =>
      Promise.reject(new LayergateError('upstream_credentials', 'The permission is missing.')),
  })
  await record()
  forwarder.start()
  const forward = await journal.settled(key, never)
  assert.deepEqual([forward.state, forward.attempts, forward.upload], ['parked', 1, undefined])
})

test('an outage at the creation leaves the layer owed, and the next try creates', async (t) => {
  let creations = 0
  const { forwarder, record, journal, key, clock, ended } = await setUp(t, {
    faults: scripted({ absent: [missing, missing] }),
    async createRepository() {
      creations += 1
      if (creations === 1) throw upstreamError('unavailable')
    },
  })
  await record()
  forwarder.start()
  await nextTurn()
  assert.deepEqual(
    ended().map(({ outcome }) => outcome),
    ['postponed'],
  )
  clock.advance(15_000)
  assert.equal((await journal.settled(key, never)).state, 'forwarded')
  assert.equal(creations, 2)
})

test('without the word of the destination, as it is now, nothing is created', async (t) => {
  const { forwarder, record, journal, key } = await setUp(t, {
    faults: scripted({ absent: [missing] }),
    destinationOf: (registry) => ({ name: 'acme', registry }),
  })
  await record()
  forwarder.start()
  const forward = await journal.settled(key, never)
  assert.deepEqual([forward.state, forward.error?.code], ['parked', 'repository_unknown'])
})

function setUp(
  t: Parameters<typeof setUpForwarder>[0],
  { faults, createRepository, destinationOf = creating }: Options,
) {
  const ports = { destinationOf, ...(createRepository && { createRepository }) }
  return setUpForwarder(t, { faults, ports })
}
