import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from '../../src/publish/upstream.ts'
import { flipBit, refuse, scripted } from '../support/fake-upstream.ts'
import { condemnLayer, layerBytes } from '../support/layers.ts'
import { nextTurn } from '../support/next-turn.ts'
import { until } from '../support/until.ts'
import { never, repository } from './setup.ts'
import { settings, setUpForwarder } from './setup-forwarder.ts'

test('what is owed is claimed, carried upstream, and owed no more', async (t) => {
  const { forwarder, record, journal, upstream, layer, key, ended, observer } =
    await setUpForwarder(t)
  await record()
  forwarder.start()
  const forward = await journal.settled(key, never)
  assert.deepEqual(
    [forward.state, forward.parts, forward.attempts, forward.alreadyPresent],
    ['forwarded', 4, 1, false],
  )
  await nextTurn()
  assert.ok(upstream.layers.has(layer.digest))
  assert.equal(await journal.isOwed(layer.digest), false)
  const about = { repository, agent: 'ci', digest: layer.digest, sizeBytes: 35 }
  const flightId = observer.of('forward_ended')[0]?.flightId
  assert.deepEqual(observer.of('forward_started'), [
    { type: 'forward_started', ...about, flightId },
  ])
  assert.deepEqual(ended(), [
    {
      type: 'forward_ended',
      ...about,
      outcome: 'forwarded',
      parts: 4,
      attempts: 1,
    },
  ])
})

test('nothing is claimed before the start', async (t) => {
  const { record, journal, key, observer } = await setUpForwarder(t)
  await record()
  await nextTurn()
  assert.equal((await journal.find(key))?.state, 'owed')
  assert.deepEqual(observer.events, [])
})

test('a layer that is there already is paid for without an upload', async (t) => {
  const { forwarder, record, journal, upstream, layer, key, ended } = await setUpForwarder(t)
  upstream.layers.set(layer.digest, layerBytes(35))
  await record()
  forwarder.start()
  assert.equal((await journal.settled(key, never)).alreadyPresent, true)
  await nextTurn()
  assert.deepEqual(
    ended().map(({ outcome, parts, attempts }) => [outcome, parts, attempts]),
    [['already_present', 0, 0]],
  )
})

test('an upstream call is made in the name of the row, its flight, and the request that it was recorded for', async (t) => {
  const calls: Call[] = []
  const { forwarder, record, journal, key, origins, observer } = await setUpForwarder(t, {
    wrapUpstream: (upstream) => ({
      ...upstream,
      absent(call, digests) {
        calls.push(call)
        return upstream.absent(call, digests)
      },
    }),
  })
  await origins.recorded(key, 'request-1', record)
  forwarder.start()
  await journal.settled(key, never)
  const [{ signal, isAwaited: _, ...call } = { signal: never }] = calls
  assert.equal(signal.aborted, false)
  assert.deepEqual(call, {
    destination: { name: 'destination of default', registry: 'default' },
    repository,
    agent: 'ci',
    requestId: 'request-1',
    flightId: observer.of('forward_started')[0]?.flightId,
  })
  assert.equal(observer.of('forward_started')[0]?.requestId, 'request-1')
})

test('each flight has an id of its own, by which its events are one', async (t) => {
  const faults = scripted({ start: [refuse('unavailable')] })
  const { forwarder, record, journal, key, clock, observer } = await setUpForwarder(t, { faults })
  await record()
  forwarder.start()
  await until('it is postponed', () => observer.of('forward_ended').length === 1)
  clock.advance(settings.postponeMs)
  await journal.settled(key, never)
  await nextTurn()
  const started = observer.of('forward_started').map(({ flightId }) => flightId)
  assert.equal(new Set(started).size, 2)
  assert.deepEqual(
    observer.of('forward_ended').map(({ flightId }) => flightId),
    started,
  )
})

test('what time heals is postponed by 15 s, and waiters go on waiting', async (t) => {
  const faults = scripted({ start: [refuse('unavailable')] })
  const { forwarder, record, journal, key, clock, ended, observer } = await setUpForwarder(t, {
    faults,
  })
  await record()
  const settled = journal.settled(key, never)
  forwarder.start()
  await nextTurn()
  const postponed = await journal.find(key)
  assert.deepEqual([postponed?.state, postponed?.attempts], ['owed', 1])
  assert.equal(postponed?.error?.code, 'upstream_unavailable')
  const [event] = ended()
  assert.deepEqual(
    [event?.outcome, event?.error, event?.detail, event?.attempts],
    ['postponed', 'upstream_unavailable', postponed.error.detail, 1],
  )

  clock.advance(14_999)
  await nextTurn()
  assert.equal(observer.of('forward_started').length, 1)
  clock.advance(1)
  const forward = await settled
  assert.deepEqual([forward.state, forward.attempts], ['forwarded', 2])
  assert.ok(!('error' in forward))
})

test('what needs a person is parked for 10 minutes, and waiters hear of it at once', async (t) => {
  const faults = scripted({ absent: [refuse('denied')] })
  const { forwarder, record, journal, key, clock, ended, observer } = await setUpForwarder(t, {
    faults,
  })
  await record()
  const settled = journal.settled(key, never)
  forwarder.start()
  const parked = await settled
  assert.deepEqual([parked.state, parked.error?.code], ['parked', 'upstream_credentials'])
  assert.equal(await journal.isOwed(key.digest), true)
  await nextTurn()
  assert.deepEqual(
    ended().map(({ outcome, error }) => [outcome, error]),
    [['parked', 'upstream_credentials']],
  )

  clock.advance(599_999)
  await nextTurn()
  assert.equal(observer.of('forward_started').length, 1)
  clock.advance(1)
  await nextTurn()
  assert.equal((await journal.find(key))?.state, 'forwarded')
})

test('a layer that the spool lost is parked as spool_damaged', async (t) => {
  const { forwarder, record, journal, key, spool, layer, upstream } = await setUpForwarder(t)
  await record()
  await condemnLayer(spool, layer.digest)
  forwarder.start()
  const parked = await journal.settled(key, never)
  assert.deepEqual(
    [parked.state, parked.error?.code, parked.attempts],
    ['parked', 'spool_damaged', 0],
  )
  assert.deepEqual(upstream.calls, [])
})

test('a layer that AWS called invalid is told once, with its cause, before the end of its flight', async (t) => {
  const faults = scripted({ sendPart: [flipBit(), undefined, undefined, undefined, flipBit()] })
  const { forwarder, record, journal, key, observer, layer } = await setUpForwarder(t, { faults })
  await record()
  forwarder.start()
  await journal.settled(key, never)
  await nextTurn()
  assert.deepEqual(observer.of('layer_invalid_upstream'), [
    {
      type: 'layer_invalid_upstream',
      repository,
      agent: 'ci',
      digest: layer.digest,
      flightId: observer.of('forward_started')[0]?.flightId,
      cause: 'in_transit',
    },
  ])
  assert.deepEqual(
    observer.events.map(({ type }) => type),
    ['forward_started', 'layer_invalid_upstream', 'forward_ended'],
  )
})

test('a bug in one flight postpones its layer, and the worker goes on with the next', async (t) => {
  let attempts = 0
  const { forwarder, record, recordOther, journal, key, ended, journalErrors } =
    await setUpForwarder(t, {
      wrapUpstream: (upstream) => ({
        ...upstream,
        start(call, layer) {
          attempts += 1
          if (attempts <= settings.flights) throw new TypeError('a bug')
          return upstream.start(call, layer)
        },
      }),
    })
  await record()
  const others = [await recordOther(2), await recordOther(3)]
  forwarder.start()
  const last = others.at(-1)
  assert.ok(last)
  await journal.settled(last.forward.key, never)
  assert.equal((await journal.find(key))?.error?.code, 'internal')
  assert.deepEqual(journalErrors, [])
  assert.deepEqual(
    ended()
      .slice(0, 2)
      .map(({ outcome, error }) => [outcome, error]),
    [
      ['postponed', 'internal'],
      ['postponed', 'internal'],
    ],
  )
})

test('a flight keeps where its upload stands, and the next one goes on there', async (t) => {
  const sendPart = [undefined, undefined, refuse('unavailable')]
  const { forwarder, record, journal, key, clock, upstream } = await setUpForwarder(t, {
    faults: scripted({ sendPart }),
  })
  await record()
  forwarder.start()
  await nextTurn()
  assert.deepEqual((await journal.find(key))?.upload, {
    id: 'upload-1',
    partSizeBytes: 10,
    sentBytes: 20,
  })
  clock.advance(settings.postponeMs)
  const forward = await journal.settled(key, never)
  assert.deepEqual([forward.state, forward.attempts, forward.upload], ['forwarded', 1, undefined])
  assert.deepEqual(
    upstream.calls.filter((call) => call.startsWith('start ')),
    ['start upload-1'],
  )
})

test('a forward that was tried for FORWARD_TTL is parked for good, and told of', async (t) => {
  const { forwarder, record, journal, key, clock, observer, ended, layer } = await setUpForwarder(
    t,
    {
      faults: () => refuse('denied'),
    },
  )
  await record()
  clock.advance(settings.forwardTtlMs)
  forwarder.start()
  await nextTurn()
  assert.equal((await journal.find(key))?.state, 'parked')
  clock.advance(settings.parkMs)
  await nextTurn()
  const forward = await journal.settled(key, never)
  assert.deepEqual(
    [forward.state, forward.error?.code],
    ['parked_for_good', 'upstream_credentials'],
  )
  assert.deepEqual(
    ended().map(({ outcome }) => outcome),
    ['parked', 'still_parked'],
  )
  assert.deepEqual(
    observer.of('forward_given_up').map(({ digest, error }) => [digest, error]),
    [[layer.digest, 'upstream_credentials']],
  )
  assert.equal(await journal.isOwed(layer.digest), false)
})

test('an outage that lasts for FORWARD_TTL parks for good what waits for its end', async (t) => {
  const { forwarder, record, journal, key, clock } = await setUpForwarder(t, {
    faults: () => refuse('unavailable'),
  })
  await record()
  clock.advance(settings.forwardTtlMs)
  forwarder.start()
  await nextTurn()
  assert.equal((await journal.find(key))?.state, 'owed')
  clock.advance(settings.parkMs)
  assert.equal((await journal.settled(key, never)).state, 'parked_for_good')
})

test('a clock that jumps over FORWARD_TTL gives nothing up: there is time for another try', async (t) => {
  const { forwarder, record, journal, key, clock } = await setUpForwarder(t, {
    faults: scripted({ absent: [refuse('unavailable')] }),
  })
  await record()
  clock.advance(2 * settings.forwardTtlMs)
  forwarder.start()
  await nextTurn()
  const { state, dueAt } = (await journal.find(key)) ?? {}
  assert.deepEqual([state, dueAt], ['owed', new Date(clock.now().getTime() + settings.parkMs)])
  clock.advance(settings.parkMs)
  assert.equal((await journal.settled(key, never)).state, 'forwarded')
})

test('shortly before FORWARD_TTL a forward is tried once more at its end, not after it', async (t) => {
  const { forwarder, record, journal, key, clock } = await setUpForwarder(t, {
    faults: () => refuse('denied'),
  })
  await record()
  clock.advance(settings.forwardTtlMs - 1_000)
  forwarder.start()
  const forward = await journal.settled(key, never)
  assert.equal(forward.state, 'parked')
  assert.equal(forward.dueAt?.getTime(), clock.now().getTime() + 1_000)
})

test('the calls of a flight say whether a manifest waits for the layer', async (t) => {
  const calls: Call[] = []
  const { forwarder, record, journal, key, awaited } = await setUpForwarder(t, {
    wrapUpstream: (upstream) => ({
      ...upstream,
      absent(call, digests) {
        calls.push(call)
        return upstream.absent(call, digests)
      },
    }),
  })
  await record()
  forwarder.start()
  await journal.settled(key, never)
  const [call] = calls
  assert.equal(call?.isAwaited?.(), false)
  using _ = awaited.add([key])
  assert.equal(call?.isAwaited?.(), true)
})
