import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createTagLanes,
  type Place,
  type TagMove,
} from '../../../src/publish/manifests/tag-lanes.ts'
import { parseTag } from '../../../src/registry/reference.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { upstreamError } from '../../support/fake-upstream.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { never } from '../setup.ts'
import { latest, target } from './setup-manifests.ts'

const stable = parseTag('stable')
const unknownEnd = upstreamError('unavailable')
const olderDigest = digestOf(layerBytes(1))
const newerDigest = digestOf(layerBytes(2))

function unread(put: () => Promise<void>): TagMove {
  return { put, read: () => assert.fail('the tag is not read') }
}

/** Two places in the lane of one tag, and a log of who moved it. */
function setUp() {
  const lanes = createTagLanes()
  const log: string[] = []
  const older = lanes.arrive(target, [latest], olderDigest)
  const newer = lanes.arrive(target, [latest], newerDigest)
  const move = (place: Place, name: string) =>
    place.move(
      latest,
      unread(async () => void log.push(name)),
      never,
    )
  return { lanes, log, older, newer, move }
}

function fail(place: Place, error: Error): Promise<unknown> {
  return place.move(
    latest,
    unread(() => Promise.reject(error)),
    never,
  )
}

test('a tag is moved by one after the other', async () => {
  const { log, older, newer, move } = setUp()
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = older.move(
    latest,
    unread(() => promise),
    never,
  )
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
  for (const [where, named, end, moves] of [
    ['there', newerDigest, 'superseded', []],
    ['not there', olderDigest, 'moved', ['older']],
    ['nowhere', undefined, 'moved', ['older']],
  ] as const) {
    test(`when a newer one has ended in "${error.message}" the tag is read: it is ${where}`, async () => {
      const { log, older, newer } = setUp()
      await assert.rejects(fail(newer, error), error)
      const put = async () => void log.push('older')
      const moved = older.move(latest, { put, read: async () => named }, never)
      await nextTurn()
      assert.deepEqual(log, [], 'it waits while the newer one is there')
      newer.leave()
      assert.equal(await moved, end)
      assert.deepEqual(log, moves)
    })
  }

  test(`one that has ended in "${error.message}" reads the tag before it moves it again`, async () => {
    for (const [named, moves] of [
      [newerDigest, []],
      [olderDigest, ['newer']],
    ] as const) {
      const { log, newer } = setUp()
      await assert.rejects(fail(newer, error), error)
      const put = async () => void log.push('newer')
      assert.equal(await newer.move(latest, { put, read: async () => named }, never), 'moved')
      assert.deepEqual(log, moves)
    }
  })
}

test('a newer one that was refused after it had ended without an answer is not ahead', async () => {
  const { log, older, newer, move } = setUp()
  await assert.rejects(fail(newer, unknownEnd))
  const moved = move(older, 'older')
  const refused = upstreamError('rejected')
  const again = { put: () => Promise.reject(refused), read: async () => undefined }
  await assert.rejects(newer.move(latest, again, never), refused)
  assert.equal(await moved, 'moved')
  assert.deepEqual(log, ['older'])
})

test('while the tag cannot be read nothing is moved, and it is read again', async () => {
  const { log, older, newer } = setUp()
  await assert.rejects(fail(newer, unknownEnd))
  newer.leave()
  const put = async () => void log.push('older')
  const read = () => Promise.reject(unknownEnd)
  await assert.rejects(older.move(latest, { put, read }, never), unknownEnd)
  const move = { put, read: async () => newerDigest }
  assert.equal(await older.move(latest, move, never), 'superseded')
  assert.deepEqual(log, [])
})

test('who leaves while it waits moves nothing, and the next one gets its turn', async () => {
  const { lanes, log, older, newer, move } = setUp()
  const newest = lanes.arrive(target, [latest], newerDigest)
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = older.move(
    latest,
    unread(() => promise),
    never,
  )
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const second = newer.move(
    latest,
    unread(async () => void log.push('newer')),
    leaving.signal,
  )
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
  const moved = newer.move(
    latest,
    unread(async () => void log.push('newer')),
    leaving.signal,
  )
  leaving.abort(reason)
  await assert.rejects(moved, reason)
  assert.equal(await move(older, 'older'), 'moved')
  assert.deepEqual(log, ['older'])
})

test('who had left before does not wait', async () => {
  const { older, newer, log } = setUp()
  const { promise, resolve } = Promise.withResolvers<void>()
  const moved = older.move(
    latest,
    unread(() => promise),
    never,
  )
  const reason = new Error('the client left')
  const gone = AbortSignal.abort(reason)
  await assert.rejects(
    newer.move(
      latest,
      unread(async () => void log.push('newer')),
      gone,
    ),
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
    lanes.arrive({ ...target, repository }, [latest], newerDigest),
    lanes.arrive({ ...target, destination }, [latest], newerDigest),
  ]
  const both = lanes.arrive(target, [latest, stable], newerDigest)
  for (const place of places) await move(place, 'elsewhere')
  await both.move(
    stable,
    unread(async () => {}),
    never,
  )
  assert.equal(await move(older, 'older'), 'moved')
  assert.equal(await move(newer, 'newer'), 'moved')
})

test('a place is the newest until somebody comes to any of its tags', () => {
  const lanes = createTagLanes()
  const both = lanes.arrive(target, [latest, stable], newerDigest)
  const none = lanes.arrive(target, [], newerDigest)
  lanes.arrive({ ...target, repository: parseRepositoryName('team/other') }, [latest], newerDigest)
  assert.deepEqual([both.isNewest, none.isNewest], [true, true])
  const other = lanes.arrive(target, [stable], newerDigest)
  assert.deepEqual([both.isNewest, none.isNewest, other.isNewest], [false, true, true])
})

test('who has left is still the one that came in between', () => {
  const lanes = createTagLanes()
  const first = lanes.arrive(target, [latest], newerDigest)
  lanes.arrive(target, [latest], newerDigest).leave()
  assert.equal(first.isNewest, false)
})
