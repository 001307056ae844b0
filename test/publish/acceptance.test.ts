import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAcceptance, forwardKey, type Target } from '../../src/publish/acceptance.ts'
import type { Forward, ForwardJournal } from '../../src/publish/forward-journal.ts'
import { createForwardOrigins } from '../../src/publish/forward-origins.ts'
import type { Call } from '../../src/publish/upstream.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { manualClock } from '../support/manual-clock.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { nextTurn } from '../support/next-turn.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { storeLayer } from '../support/stored-layer.ts'
import { never, repository } from './setup.ts'

const target: Target = {
  agent: 'ci',
  repository,
  destination: { name: 'default', registry: 'default' },
}
const published = { alreadyPresent: false, parts: 4, attempts: 1 }
const error = { code: 'upstream_credentials', detail: 'AWS says no.' } as const

async function setUp(journal: ForwardJournal = createMemoryJournal()) {
  const checked: [Call, Digest][] = []
  const door = {
    async check(call: Call, digest: Digest) {
      checked.push([call, digest])
    },
  }
  const observer = recordingObserver()
  const origins = createForwardOrigins()
  const acceptance = createAcceptance(journal, door, origins, observer)
  const { layer } = await storeLayer()
  return { acceptance, checked, journal, layer, observer, origins }
}

async function recorded() {
  const { acceptance, journal, layer } = await setUp()
  return { acceptance, journal, forward: await acceptance.record(target, layer) }
}

test('a check asks the door in the name of the target', async () => {
  const { acceptance, checked, layer } = await setUp()
  await acceptance.check(target, layer.digest, never)
  assert.deepEqual(checked, [[{ ...target, signal: never }, layer.digest]])
})

test('a recorded layer is owed, in its registry and repository', async () => {
  const { acceptance, journal, layer } = await setUp()
  const forward = await acceptance.record(target, layer)
  assert.deepEqual(forward.key, { registry: 'default', repository, digest: layer.digest })
  assert.deepEqual([forward.state, forward.agent, forward.sizeBytes], ['owed', 'ci', 1000])
  assert.equal(await journal.isOwed(layer.digest), true)
})

test('a layer that is to be held is kept and not sent, and says why', async () => {
  const { acceptance, journal, layer, observer } = await setUp()
  const hold = { code: 'malformed_gzip', detail: 'It ends early.' } as const
  const forward = await acceptance.record(target, layer, hold)
  assert.deepEqual([forward.state, forward.error, forward.agent], ['held', hold, 'ci'])
  assert.equal(await journal.isOwed(layer.digest), true, 'its bytes stay')
  const leaving = new AbortController()
  const claim = journal.claim(leaving.signal)
  await nextTurn()
  leaving.abort(new Error('nothing came'))
  await assert.rejects(claim, leaving.signal.reason)
  assert.deepEqual(observer.events, [])
})

test('a layer that is on its way is not held any more when it comes again', async () => {
  const { acceptance, journal, layer, observer } = await setUp()
  await acceptance.record(target, layer)
  const hold = { code: 'malformed_gzip', detail: 'It ends early.' } as const
  assert.equal((await acceptance.record(target, layer, hold)).state, 'owed')
  assert.equal((await journal.find(forwardKey(target, layer.digest)))?.state, 'owed')
  assert.equal(observer.of('forward_joined').length, 1)
})

test('a layer that comes again while it is on its way stays that of the request before', async () => {
  const { acceptance, origins, layer, observer } = await setUp()
  const { key } = await acceptance.record({ ...target, requestId: 'request-1' }, layer)
  assert.equal(origins.of(key), 'request-1')
  await acceptance.record({ ...target, requestId: 'request-2' }, layer)
  assert.equal(origins.of(key), 'request-1')
  assert.deepEqual(
    observer.of('forward_joined').map(({ requestId }) => requestId),
    ['request-2'],
  )
})

test('a destination is known by its registry, whatever it is called', async () => {
  const { layer } = await setUp()
  const destination = { name: 'acme', registry: 'aws/123456789012', registryId: '123456789012' }
  assert.equal(forwardKey({ repository, destination }, layer.digest).registry, 'aws/123456789012')
})

test('the wait ends when the layer is forwarded', async () => {
  const { acceptance, journal, forward } = await recorded()
  const settled = acceptance.settled(forward, 25_000, never)
  await (await journal.claim(never)).forwarded(published)
  const { state, parts, attempts } = await settled
  assert.deepEqual([state, parts, attempts], ['forwarded', 4, 1])
})

test('the wait ends when a person must act, with the error', async () => {
  const { acceptance, journal, forward } = await recorded()
  const settled = acceptance.settled(forward, 25_000, never)
  await (await journal.claim(never)).park(error, 1, new Date(Date.now() + 60_000))
  assert.deepEqual([(await settled).state, (await settled).error], ['parked', error])
})

for (const [what, change, state] of [
  ['owed', async () => {}, 'owed'],
  ['in flight', async (journal: ForwardJournal) => void (await journal.claim(never)), 'forwarding'],
] as const) {
  test(`when the time is over, the wait ends with the state as it stands: ${what}`, async (t) => {
    const clock = manualClock(t)
    const { acceptance, journal, forward } = await recorded()
    const settled = acceptance.settled(forward, 25_000, never)
    await change(journal)
    clock.advance(24_999)
    await nextTurn()
    clock.advance(1)
    assert.equal((await settled).state, state)
  })
}

test('the wait does not end before its time', async (t) => {
  const clock = manualClock(t)
  const { acceptance, journal, forward } = await recorded()
  let hasEnded = false
  const settled = acceptance.settled(forward, 25_000, never).finally(() => {
    hasEnded = true
  })
  clock.advance(24_999)
  await nextTurn()
  assert.equal(hasEnded, false)
  await (await journal.claim(never)).forwarded(published)
  assert.equal((await settled).state, 'forwarded')
})

test('who does not want to wait gets the forward as it was recorded', async () => {
  const { forward } = await recorded()
  const { acceptance } = await setUp({
    ...createMemoryJournal(),
    settled: () => assert.fail('nobody waits'),
    find: () => assert.fail('nobody looks'),
  })
  assert.equal(await acceptance.settled(forward, 0, never), forward)
})

test('an abort ends the wait with its reason, and the debt stays', async () => {
  const { acceptance, journal, forward } = await recorded()
  const controller = new AbortController()
  const reason = new Error('the client left')
  const settled = acceptance.settled(forward, 25_000, controller.signal)
  controller.abort(reason)
  await assert.rejects(settled, reason)
  assert.equal(await journal.isOwed(forward.key.digest), true)
})

test('who left in the moment in which the time is over has left', async (t) => {
  const clock = manualClock(t)
  const { acceptance, forward } = await recorded()
  const controller = new AbortController()
  const reason = new Error('the client left')
  const settled = acceptance.settled(forward, 25_000, controller.signal)
  clock.advance(25_000)
  controller.abort(reason)
  await assert.rejects(settled, reason)
})

test('who left before does not wait', async () => {
  const { acceptance, forward } = await recorded()
  const reason = new Error('the client left')
  await assert.rejects(acceptance.settled(forward, 0, AbortSignal.abort(reason)), reason)
})

test('a journal that fails is heard of at once', async () => {
  const broken = new Error('the journal is broken')
  const { forward } = await recorded()
  const journal = {
    ...createMemoryJournal(),
    settled: (): Promise<Forward> => Promise.reject(broken),
  }
  const { acceptance } = await setUp(journal)
  await assert.rejects(acceptance.settled(forward, 25_000, never), broken)
})

test('a layer that comes again while it is on its way joins it, and is told of once', async () => {
  const { acceptance, layer, observer } = await setUp()
  await acceptance.record(target, layer)
  assert.deepEqual(observer.of('forward_joined'), [])
  await acceptance.record({ ...target, agent: 'other' }, layer)
  const { digest, sizeBytes } = layer
  assert.deepEqual(observer.of('forward_joined'), [
    { type: 'forward_joined', repository, agent: 'other', digest, sizeBytes },
  ])
})
