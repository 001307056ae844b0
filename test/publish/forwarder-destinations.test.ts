import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ForwardKey } from '../../src/publish/forward-journal.ts'
import type { Call, Upstream } from '../../src/publish/upstream.ts'
import type { Destination } from '../../src/registry/destination.ts'
import { admitLayer, layerBytes } from '../support/layers.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never, repository } from './setup.ts'
import { settings, setUpForwarder } from './setup-forwarder.ts'

/** A forwarder with two destinations, of which one may be down, and a policy that may change. */
async function setUp(t: TestContext) {
  const down = new Set<string>()
  const setAside = new Set<string>()
  const configured = new Map<string, Destination>(
    ['one', 'other'].map((name) => [name, { name: `destination ${name}`, registry: name }]),
  )
  const calls: Call[] = []
  let comingBack = Promise.withResolvers<void>()
  const back = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      void comingBack.promise.then(resolve)
    })
  const all = await setUpForwarder(t, {
    wrapUpstream: (upstream): Upstream => ({
      ...upstream,
      async absent(call, digests) {
        calls.push(call)
        if (down.has(call.destination.registry)) await back(call.signal)
        return upstream.absent(call, digests)
      },
    }),
    ports: {
      destinationOf: (registry) => configured.get(registry),
      isSetAside: ({ registry }) => setAside.has(registry),
    },
  })
  const { journal, spool, gate, observer, upstream } = all
  let seeds = 10

  return {
    ...all,
    setAside,
    configured,
    calls,
    goDown(name: string) {
      comingBack = Promise.withResolvers()
      down.add(name)
    },
    comeBack() {
      down.clear()
      setAside.clear()
      comingBack.resolve()
    },
    async owe(registry: string, agent = 'ci'): Promise<ForwardKey> {
      seeds += 1
      const { digest, sizeBytes } = await admitLayer(spool, gate, layerBytes(35, seeds))
      const key = { registry, repository, digest }
      // It is not about uploads: the upstream has it, and says so when it is asked.
      upstream.layers.set(digest, Buffer.alloc(sizeBytes))
      await journal.record(key, agent, sizeBytes)
      return key
    },
    stateOf: async (key: ForwardKey) => (await journal.find(key))?.state,
    started: () => observer.of('forward_started').length,
  }
}

test('a destination whose account does not answer holds up no layer of another', async (t) => {
  const { forwarder, owe, stateOf, goDown, setAside, clock, started } = await setUp(t)
  goDown('one')
  const stuck: ForwardKey[] = []
  for (let count = 0; count < 5; count += 1) stuck.push(await owe('one'))
  const others = [await owe('other'), await owe('other'), await owe('other')]
  forwarder.start()
  await nextTurn()
  assert.equal(started(), settings.flights)

  setAside.add('one')
  clock.advance(1000)
  await nextTurn()
  assert.deepEqual(await Promise.all(others.map(stateOf)), Array(3).fill('forwarded'))
  const flying = Array(settings.flights).fill('forwarding')
  assert.deepEqual(await Promise.all(stuck.map(stateOf)), [...flying, 'owed', 'owed', 'owed'])
})

test('what rests meanwhile goes out when its account answers again, with no try counted', async (t) => {
  const { forwarder, owe, stateOf, journal, goDown, setAside, comeBack, clock } = await setUp(t)
  goDown('one')
  setAside.add('one')
  const stuck: ForwardKey[] = []
  for (let count = 0; count < 4; count += 1) stuck.push(await owe('one'))
  forwarder.start()
  await nextTurn()
  clock.advance(1000)
  await nextTurn()
  const states = ['forwarding', 'forwarding', 'owed', 'owed']
  assert.deepEqual(await Promise.all(stuck.map(stateOf)), states, 'some go on asking')
  const last = stuck.at(-1) ?? assert.fail()
  const resting = await journal.find(last)
  assert.deepEqual(
    [resting?.state, resting?.error?.code, resting?.attempts],
    ['owed', 'upstream_unavailable', 0],
  )
  comeBack()
  clock.advance(settings.postponeMs)
  await nextTurn()
  assert.deepEqual(await Promise.all(stuck.map(stateOf)), Array(4).fill('forwarded'))
  assert.equal((await journal.find(last))?.error, undefined)
})

test('when it answers again no more layers are carried at once than there are flights', async (t) => {
  const { forwarder, owe, goDown, setAside, comeBack, clock, started } = await setUp(t)
  goDown('one')
  setAside.add('one')
  for (let count = 0; count < 3; count += 1) await owe('one')
  forwarder.start()
  await nextTurn()
  clock.advance(1000)
  await nextTurn()
  comeBack()
  clock.advance(settings.postponeMs)
  await nextTurn()
  assert.equal(started(), 3)
  // Those who took the places meanwhile leave with their next layer.
  for (let count = 0; count < settings.flights; count += 1) await owe('other')
  await nextTurn()
  assert.equal(started(), 3 + settings.flights)

  goDown('other')
  for (let count = 0; count < 5; count += 1) await owe('other')
  await nextTurn()
  assert.equal(started(), 3 + 2 * settings.flights)
})

test('where all destinations are down none is set aside, and no more than the flights wait', async (t) => {
  const { forwarder, owe, goDown, clock, started } = await setUp(t)
  for (const name of ['one', 'other']) goDown(name)
  for (let count = 0; count < 3; count += 1) {
    await owe('one')
    await owe('other')
  }
  forwarder.start()
  await nextTurn()
  clock.advance(10_000)
  await nextTurn()
  assert.equal(started(), settings.flights)
})

test('a stop ends the flights of a destination that is set aside as well', async (t) => {
  const { forwarder, owe, stateOf, goDown, setAside, clock } = await setUp(t)
  goDown('one')
  setAside.add('one')
  const keys: ForwardKey[] = []
  for (let count = 0; count < 3; count += 1) keys.push(await owe('one'))
  forwarder.start()
  await nextTurn()
  clock.advance(1000)
  await nextTurn()
  await forwarder.stop()
  assert.deepEqual(await Promise.all(keys.map(stateOf)), Array(3).fill('owed'))
  const pending = clock.pendingTimers
  clock.advance(60_000)
  assert.equal(clock.pendingTimers <= pending, true)
})

test('a layer goes where its destination leads now, by the key under which it was accepted', async (t) => {
  const { forwarder, owe, configured, calls, journal } = await setUp(t)
  const key = await owe('one')
  const renamed = { name: 'renamed', registry: 'one', registryId: 'acme' }
  configured.set('one', renamed)
  configured.set('newcomer', { name: 'destination one', registry: 'newcomer' })
  forwarder.start()
  assert.equal((await journal.settled(key, never)).state, 'forwarded')
  assert.deepEqual(calls[0]?.destination, renamed)
})

test('without its destination a layer is parked, sent nowhere else, and goes on when it has come back', async (t) => {
  const { forwarder, owe, configured, calls, journal, clock, stateOf } = await setUp(t)
  const key = await owe('one')
  const destination = configured.get('one') ?? assert.fail()
  configured.delete('one')
  forwarder.start()
  const parked = await journal.settled(key, never)
  assert.deepEqual([parked.state, parked.error?.code], ['parked', 'destination_unknown'])
  assert.equal(calls.length, 0)

  clock.advance(settings.parkMs)
  await nextTurn()
  assert.equal(await stateOf(key), 'parked')
  assert.equal(calls.length, 0)

  configured.set('one', destination)
  clock.advance(settings.parkMs)
  await nextTurn()
  assert.equal(await stateOf(key), 'forwarded')
  assert.equal(calls[0]?.destination, destination)
})
