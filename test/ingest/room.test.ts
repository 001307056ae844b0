import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createRoom } from '../../src/ingest/room.ts'
import { createGate } from '../../src/layers/gate.ts'
import { createLayerCache } from '../../src/layers/layer-cache.ts'
import type { Spool } from '../../src/layers/spool.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { codeIs } from '../support/code-is.ts'
import { admitLayer, layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never, setUp } from './setup.ts'

const full = new LayergateError('spool_full', 'No room.')

test('where there is room, it is taken at once', async () => {
  const { room } = setUp()
  assert.equal(await room.find(10, never, async () => 'taken'), 'taken')
})

test('what is only cached makes room', async () => {
  const { room, spool, gate } = setUp({ spool: createMemorySpool({ capacityBytes: 30 }) })
  const cached = await admitLayer(spool, gate, layerBytes(25))
  await using writer = await room.find(20, never, () => spool.create(newUploadId(), 20))
  await writer.write(layerBytes(20))
  assert.equal(await spool.find(cached.digest), undefined)
})

test('who finds no room waits for others to finish', async () => {
  const { room, spool } = setUp({ spool: createMemorySpool({ capacityBytes: 30 }) })
  const other = newUploadId()
  await spool.create(other, 25)
  const waiting = room.find(20, never, () => spool.create(newUploadId(), 20))
  await nextTurn()
  assert.equal(spool.usage().usedBytes, 25)
  await spool.discard(other)
  await waiting
  assert.equal(spool.usage().usedBytes, 20)
})

test('space that is freed during the attempt is not missed', async () => {
  const { room, spool } = setUp({ spool: createMemorySpool({ capacityBytes: 30 }) })
  const other = newUploadId()
  await spool.create(other, 30)
  let attempts = 0
  const found = await room.find(20, never, async () => {
    attempts += 1
    if (attempts > 2) return 'taken'
    if (attempts === 2) await spool.discard(other)
    throw full
  })
  assert.deepEqual([found, attempts], ['taken', 3])
})

test('space that is freed for somebody smaller leaves the wait going on', async () => {
  const { room, spool } = setUp({ spool: createMemorySpool({ capacityBytes: 30 }) })
  const [small, large] = [newUploadId(), newUploadId()]
  await spool.create(small, 5)
  await spool.create(large, 25)
  const waiting = room.find(20, never, () => spool.create(newUploadId(), 20))
  await spool.discard(small)
  await nextTurn()
  assert.equal(spool.usage().usedBytes, 25)
  await spool.discard(large)
  await waiting
  assert.equal(spool.usage().usedBytes, 20)
})

test('who finds no room in time is told that the spool is full', async (t) => {
  const clock = manualClock(t)
  const { room, spool } = setUp({ spool: createMemorySpool({ capacityBytes: 30 }) })
  await spool.create(newUploadId(), 25)
  const waiting = room.find(20, never, () => spool.create(newUploadId(), 20))
  await nextTurn()
  clock.advance(20_000)
  await assert.rejects(waiting, codeIs('spool_full'))
  assert.equal(spool.usage().usedBytes, 25)
})

test('an abort ends the wait with its reason', async () => {
  const { room, spool } = setUp({ spool: createMemorySpool({ capacityBytes: 30 }) })
  await spool.create(newUploadId(), 25)
  const controller = new AbortController()
  const reason = new Error('the client left')
  const waiting = room.find(20, controller.signal, () => spool.create(newUploadId(), 20))
  await nextTurn()
  controller.abort(reason)
  await assert.rejects(waiting, reason)
  assert.equal(spool.usage().usedBytes, 25)
})

/** A room whose timers and listeners are counted, over a spool that `take` finds full `fullTimes` times. */
function countedRoom(t: TestContext, fullTimes: number) {
  const clock = manualClock(t)
  const spool = createMemorySpool({ capacityBytes: 30 })
  let listeners = 0
  const counted: Spool = {
    ...spool,
    async freed(signal) {
      listeners += 1
      try {
        await spool.freed(signal)
      } finally {
        listeners -= 1
      }
    },
  }
  let attempts = 0
  return {
    clock,
    spool,
    room: setUp({ spool: counted }).room,
    async take() {
      attempts += 1
      if (attempts <= fullTimes) throw full
      return 'taken'
    },
    async left() {
      await nextTurn()
      return { timers: clock.pendingTimers, listeners }
    },
  }
}

const nothing = { timers: 0, listeners: 0 }

test('where there is room at once, neither timer nor listener is left', async (t) => {
  const { room, take, left } = countedRoom(t, 0)
  await room.find(10, never, take)
  assert.deepEqual(await left(), nothing)
})

test('where the cache made room, neither timer nor listener is left', async (t) => {
  const { room, spool, take, left } = countedRoom(t, 2)
  await admitLayer(spool, createGate(spool), layerBytes(30))
  await room.find(10, never, take)
  assert.deepEqual(await left(), nothing)
})

test('who waits has two timers and one listener, and none of them after the wait', async (t) => {
  const { room, spool, take, left } = countedRoom(t, 2)
  const other = newUploadId()
  await spool.create(other, 30)
  const waiting = room.find(10, never, take)
  assert.deepEqual(await left(), { timers: 2, listeners: 1 })
  await spool.discard(other)
  await waiting
  assert.deepEqual(await left(), nothing)
})

test('who waited in vain leaves neither timer nor listener', async (t) => {
  const { room, clock, take, left } = countedRoom(t, 2)
  const waiting = room.find(10, never, take)
  await nextTurn()
  clock.advance(20_000)
  await assert.rejects(waiting, full)
  assert.deepEqual(await left(), nothing)
})

test('who gave up leaves neither timer nor listener', async (t) => {
  const { room, take, left } = countedRoom(t, 2)
  const controller = new AbortController()
  const reason = new Error('the client left')
  const waiting = room.find(10, controller.signal, take)
  await nextTurn()
  controller.abort(reason)
  await assert.rejects(waiting, reason)
  assert.deepEqual(await left(), nothing)
})

test('an attempt that fails leaves neither timer nor listener', async (t) => {
  const { room, left } = countedRoom(t, 0)
  const bug = new TypeError('a bug')
  await assert.rejects(
    room.find(10, never, () => Promise.reject(bug)),
    bug,
  )
  assert.deepEqual(await left(), nothing)
})

for (const error of [new TypeError('a bug'), new LayergateError('spool_damaged', 'Damaged.')]) {
  test(`an attempt that fails with ${error.name} is not repeated`, async () => {
    const { room } = setUp()
    let attempts = 0
    const found = room.find(20, never, () => {
      attempts += 1
      return Promise.reject(error)
    })
    await assert.rejects(found, error)
    assert.equal(attempts, 1)
  })
}

test('a spool that cannot tell of freed space ends the wait', async () => {
  const spool = createMemorySpool()
  const { cache } = setUp({ spool })
  const closed = { ...spool, freed: () => Promise.reject(new Error('closed')) }
  const room = createRoom(closed, cache, 20_000)
  await assert.rejects(
    room.find(20, never, () => Promise.reject(full)),
    full,
  )
})

test('who waits has room as soon as a layer may be evicted, though nothing is given back', async (t) => {
  const clock = manualClock(t)
  let isOwed = true
  const spool = createMemorySpool({ capacityBytes: 30 })
  const owed = await admitLayer(spool, createGate(spool), layerBytes(25))
  const cache = createLayerCache(spool, {
    owedDigests: async () => new Set(isOwed ? [owed.digest] : []),
    isOwed: async () => isOwed,
  })
  const room = createRoom(spool, cache, 20_000)
  const waiting = room.find(20, never, () => spool.create(newUploadId(), 20))
  await nextTurn()
  clock.advance(1_000)
  await nextTurn()
  assert.equal(spool.usage().usedBytes, 25)
  isOwed = false
  clock.advance(1_000)
  await waiting
  assert.equal(spool.usage().usedBytes, 20)
  assert.equal(clock.pendingTimers, 0)
})

test('nobody looks for room when nobody waits for it', async (t) => {
  const clock = manualClock(t)
  const { room, spool } = setUp({ spool: createMemorySpool({ capacityBytes: 30 }) })
  await spool.create(newUploadId(), 25)
  const leaving = new AbortController()
  const left = room.find(20, leaving.signal, () => spool.create(newUploadId(), 20))
  await nextTurn()
  const reason = new Error('client gone')
  leaving.abort(reason)
  await assert.rejects(left, (error) => error === reason)
  assert.equal(clock.pendingTimers, 0)
})

test('whoever comes while room is looked for has one timer, and none when it has left', async (t) => {
  const clock = manualClock(t)
  const spool = createMemorySpool({ capacityBytes: 30 })
  await spool.create(newUploadId(), 25)
  const looking = Promise.withResolvers<ReadonlySet<never>>()
  let questions = 0
  const cache = createLayerCache(spool, {
    owedDigests() {
      questions += 1
      // The first one is of the attempt itself, the second one of the look.
      return questions === 2 ? looking.promise : Promise.resolve(new Set())
    },
    isOwed: async () => false,
  })
  const room = createRoom(spool, cache, 20_000)
  const find = async () => {
    const leaving = new AbortController()
    const found = room.find(20, leaving.signal, () => spool.create(newUploadId(), 20))
    await nextTurn()
    return async () => {
      leaving.abort(new Error('client gone'))
      await assert.rejects(found, /client gone/)
    }
  }
  const leaveFirst = await find()
  clock.advance(1_000)
  await nextTurn()
  await leaveFirst()
  const leaveSecond = await find()
  looking.resolve(new Set())
  await nextTurn()
  await leaveSecond()
  assert.equal(clock.pendingTimers, 0)
})
