import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTagLanes, type Place } from '../../src/publish/tag-lanes.ts'
import { parseTag } from '../../src/registry/reference.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never } from './setup.ts'
import { latest, target } from './setup-manifests.ts'

const stable = parseTag('stable')
const unknownEnd = upstreamError('unavailable')

/** Two places in the lane of one tag, and a log of who moved it. */
function setUp() {
  const lanes = createTagLanes()
  const log: string[] = []
  const [older, newer] = [lanes.arrive(target, [latest]), lanes.arrive(target, [latest])]
  const move = (place: Place, name: string) =>
    place.move(latest, async () => void log.push(name), never)
  return { lanes, log, older, newer, move }
}

function fail(place: Place, error: Error): Promise<unknown> {
  return place.move(latest, () => Promise.reject(error), never)
}

test('a tag is moved by one after the other', async () => {
  const { log, older, newer, move } = setUp()
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = older.move(latest, () => promise, never)
  const second = move(newer, 'newer')
  await nextTurn()
  assert.deepEqual(log, [])
  resolve()
  assert.deepEqual(await Promise.all([first, second]), ['moved', 'moved'])
  assert.deepEqual(log, ['newer'])
})

test('an older one does not move it back', async () => {
  const { log, older, newer, move } = setUp()
  assert.equal(await move(newer, 'newer'), 'moved')
  assert.equal(await move(older, 'older'), 'superseded')
  assert.deepEqual(log, ['newer'])
})

for (const failure of ['rejected', 'throttled', 'references_unknown'] as const) {
  test(`a newer one that was refused as ${failure} is not ahead`, async () => {
    const { older, newer, move } = setUp()
    await assert.rejects(fail(newer, upstreamError(failure)))
    assert.equal(await move(older, 'older'), 'moved')
  })
}

for (const error of [unknownEnd, new Error('the client left')]) {
  test(`a newer one that ended in "${error.message}" may have moved it, and is ahead`, async () => {
    const { log, older, newer, move } = setUp()
    await assert.rejects(fail(newer, error), error)
    assert.equal(await move(older, 'older'), 'superseded')
    assert.equal(await move(newer, 'newer again'), 'moved')
    assert.deepEqual(log, ['newer again'])
  })
}

test('who leaves while it waits moves nothing, and the next one gets its turn', async () => {
  const { lanes, log, older, newer, move } = setUp()
  const newest = lanes.arrive(target, [latest])
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = older.move(latest, () => promise, never)
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const second = newer.move(latest, async () => void log.push('newer'), leaving.signal)
  const third = move(newest, 'newest')
  leaving.abort(reason)
  await assert.rejects(second, reason)
  resolve()
  assert.deepEqual(await Promise.all([first, third]), ['moved', 'moved'])
  assert.deepEqual(log, ['newest'])
})

test('who leaves in the moment of its turn moves nothing, and is not ahead', async () => {
  const { log, older, newer, move } = setUp()
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const moved = newer.move(latest, async () => void log.push('newer'), leaving.signal)
  leaving.abort(reason)
  await assert.rejects(moved, reason)
  assert.equal(await move(older, 'older'), 'moved')
  assert.deepEqual(log, ['older'])
})

test('who had left before does not wait', async () => {
  const { older, newer, log } = setUp()
  const { promise, resolve } = Promise.withResolvers<void>()
  const moved = older.move(latest, () => promise, never)
  const reason = new Error('the client left')
  const gone = AbortSignal.abort(reason)
  await assert.rejects(
    newer.move(latest, async () => void log.push('newer'), gone),
    reason,
  )
  resolve()
  await moved
  assert.deepEqual(log, [])
})

test('lanes of other tags, repositories and registries are other lanes', async () => {
  const { lanes, older, newer, move } = setUp()
  const repository = parseRepositoryName('team/other')
  const destination = { name: 'default', registry: 'elsewhere' }
  const places = [
    lanes.arrive({ ...target, repository }, [latest]),
    lanes.arrive({ ...target, destination }, [latest]),
  ]
  const both = lanes.arrive(target, [latest, stable])
  for (const place of places) await move(place, 'elsewhere')
  await both.move(stable, async () => {}, never)
  assert.equal(await move(older, 'older'), 'moved')
  assert.equal(await move(newer, 'newer'), 'moved')
})

test('a place is the newest until somebody comes to any of its tags', () => {
  const lanes = createTagLanes()
  const both = lanes.arrive(target, [latest, stable])
  const none = lanes.arrive(target, [])
  lanes.arrive({ ...target, repository: parseRepositoryName('team/other') }, [latest])
  assert.deepEqual([both.isNewest, none.isNewest], [true, true])
  const other = lanes.arrive(target, [stable])
  assert.deepEqual([both.isNewest, none.isNewest, other.isNewest], [false, true, true])
})

test('who has left is still the one that came in between', () => {
  const lanes = createTagLanes()
  const first = lanes.arrive(target, [latest])
  lanes.arrive(target, [latest]).leave()
  assert.equal(first.isNewest, false)
})
