import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { clock } from './support/clock.ts'
import { faultyFiles } from './support/faulty-files.ts'
import { assertNothingDue, claimed, failed, recordAll, someKey } from './support/forwards.ts'
import { layerOf, someBytes, store, storedBytes, upload } from './support/layers.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const never = new AbortController().signal

describe('a restart', () => {
  test('finds layers, sessions and forwards as they were', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const bytes = someBytes(100)
    const layer = await store(first.spool, bytes)
    const session = await first.sessions.create({
      repository,
      agent: 'ci',
      expected: layer.digest,
      isResumable: true,
    })
    const key = { registry: 'default', repository, digest: layer.digest }
    const { forward } = await first.forwards.record(key, 'ci', 100)
    await first.close()
    const second = await openStorage(t, { dataDir })

    assert.deepEqual(await storedBytes(second.spool, layer), bytes)
    assert.equal(second.spool.usage().usedBytes, 100)
    assert.deepEqual(await second.sessions.unfinished(), [session])
    assert.deepEqual(await second.forwards.find(key), forward)
    assert.deepEqual((await second.forwards.claim(never)).forward.key, key)
  })

  test('keeps the bytes of an open session, which can be sealed then', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const bytes = someBytes(100)
    const { id } = await first.sessions.create({ repository, agent: 'ci', isResumable: true })
    await upload(first.spool, id, bytes)
    await first.close()
    const { spool } = await openStorage(t, { dataDir })

    assert.equal(spool.usage().usedBytes, 100)
    await spool.seal(id, layerOf(bytes))
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
  })

  test('keeps the bytes of an open session until they are discarded', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const { id } = await first.sessions.create({ repository, agent: 'ci', isResumable: true })
    await upload(first.spool, id, someBytes(100))
    await first.close()
    const { spool } = await openStorage(t, { dataDir })
    await spool.discard(id)

    assert.equal(spool.usage().usedBytes, 0)
  })

  test('makes a flight that was cut off due at once', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const key = { registry: 'default', repository, digest: layerOf(someBytes(1)).digest }
    const { forward: recorded } = await first.forwards.record(key, 'ci', 100)
    await first.forwards.claim(never)
    await first.close()
    const now = new Date('2030-01-01T00:00:00.000Z')
    const { forwards } = await openStorage(t, { dataDir, now: () => now })

    // A flight that was cut off says nothing: only what failed changed it.
    assert.deepEqual(await forwards.find(key), { ...recorded, dueAt: now })
    assert.deepEqual((await forwards.claim(never)).forward.key, key)
  })

  test('leaves a forward parked whose flight was cut off, and makes it due at once', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const key = { registry: 'default', repository, digest: layerOf(someBytes(1)).digest }
    await first.forwards.record(key, 'ci', 100)
    const error = { code: 'upstream_quota', detail: 'The quota is used up.' } as const
    await (await first.forwards.claim(never)).park(error, 2, new Date(0))
    const { forward: parked } = await first.forwards.claim(never)
    assert.equal(parked.state, 'parked')
    await first.close()
    const now = new Date('2030-01-01T00:00:00.000Z')
    const { forwards } = await openStorage(t, { dataDir, now: () => now })

    // Changed last when it was parked: a flight that was cut off is not one more that failed.
    assert.deepEqual(await forwards.find(key), { ...parked, dueAt: now })
    assert.deepEqual((await forwards.claim(never)).forward, { ...parked, dueAt: now })
  })

  test('keeps how far the upload of a flight that was cut off has come', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const key = { registry: 'default', repository, digest: layerOf(someBytes(1)).digest }
    await first.forwards.record(key, 'ci', 100)
    const started = { id: 'upload-1', partSizeBytes: 20, sentBytes: 40 }
    await (await first.forwards.claim(never)).progress(started)
    await first.close()
    const { forwards } = await openStorage(t, { dataDir })

    assert.deepEqual((await forwards.claim(never)).forward.upload, started)
  })

  test('leaves what was hurried at the head, and in its order, before what is hurried later', async (t) => {
    const dataDir = await temporaryFolder(t)
    const digests = [1, 2, 3, 4].map(() => layerOf(someBytes(8)).digest)
    const keys = digests.map((digest) => ({ registry: 'default', repository, digest }))
    const [unhurried, third, second, flying] = keys
    assert(unhurried && third && second && flying)
    const first = await openStorage(t, { dataDir, now: () => new Date(5000) })
    for (const key of keys) await first.forwards.record(key, 'ci', 1)
    await first.forwards.hurry([flying])
    await first.forwards.hurry([second])
    await first.forwards.claim(never)
    await first.close()
    // The clock was set back meanwhile.
    let ms = 4000
    const { forwards } = await openStorage(t, { dataDir, now: () => new Date(ms) })
    await forwards.hurry([third])
    ms = 5000

    const claims = []
    for (let count = 0; count < 3; count += 1) claims.push(await forwards.claim(never))
    assert.deepEqual(
      claims.map(({ forward }) => forward.key),
      [flying, second, third],
    )
  })

  test('leaves what was hurried and postponed at rest, and at the head after that', async (t) => {
    const dataDir = await temporaryFolder(t)
    const time = clock()
    const first = await openStorage(t, { dataDir, now: time.now })
    const [other, key] = [someKey(), someKey()]
    await recordAll(first.forwards, [other, key])
    await first.forwards.hurry([key])
    await (await first.forwards.claim(never)).postpone(failed, 1, time.in(1000))
    await first.close()
    const { forwards } = await openStorage(t, { dataDir, now: time.now })
    await (await forwards.claim(never)).postpone(failed, 1, time.in(500))
    await assertNothingDue(forwards)
    time.move(1000)

    assert.deepEqual(await claimed(forwards, 2), [key, other])
  })

  test('leaves what was hurried in a flight that was cut off at the head, but not what was parked before', async (t) => {
    const dataDir = await temporaryFolder(t)
    const time = clock()
    const first = await openStorage(t, { dataDir, now: time.now })
    const [parked, other, owed] = [someKey(), someKey(), someKey()]
    await recordAll(first.forwards, [parked])
    await (await first.forwards.claim(never)).park(failed, 1, time.now())
    await recordAll(first.forwards, [owed])
    await claimed(first.forwards, 2)
    await first.forwards.hurry([parked, owed])
    await recordAll(first.forwards, [other])
    await first.close()
    time.move(1)
    const { forwards } = await openStorage(t, { dataDir, now: time.now })
    await forwards.retry(parked)

    assert.deepEqual(await claimed(forwards, 3), [owed, other, parked])
  })

  test('owes anew what was recorded again in a flight that was cut off', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const key = { registry: 'default', repository, digest: layerOf(someBytes(1)).digest }
    await first.forwards.record(key, 'ci', 100)
    const error = { code: 'upstream_quota', detail: 'The quota is used up.' } as const
    await (await first.forwards.claim(never)).park(error, 2, new Date(0))
    await first.forwards.claim(never)
    await first.forwards.record(key, 'other', 100)
    await first.close()
    const { forwards } = await openStorage(t, { dataDir })

    const { forward } = await forwards.claim(never)
    assert.deepEqual([forward.state, forward.agent, forward.attempts], ['owed', 'other', 0])
    assert.equal(forward.error, undefined)
  })

  test('keeps the order in which layers are evicted, of their last sealing', async (t) => {
    const dataDir = await temporaryFolder(t)
    let ms = 0
    const now = () => new Date((ms += 1))
    const first = await openStorage(t, { dataDir, now, capacityBytes: 100 })
    const bytes = someBytes(20)
    const sealedAgain = await store(first.spool, bytes)
    const oldest = await store(first.spool, someBytes(20))
    const newest = await store(first.spool, someBytes(20))
    await store(first.spool, bytes)
    await first.close()
    const { spool } = await openStorage(t, { dataDir, capacityBytes: 100 })

    assert.equal(await spool.evict(60, async () => true), 20)
    assert.equal(await spool.find(oldest.digest), undefined)
    assert.deepEqual(await spool.find(sealedAgain.digest), sealedAgain)
    assert.deepEqual(await spool.find(newest.digest), newest)
  })

  test('after a crash before a layer was sealed again finds the older bytes alone', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const bytes = someBytes(100)
    const layer = await store(first.spool, bytes)
    await upload(first.spool, newUploadId(), bytes)
    await first.close()
    const { spool } = await openStorage(t, { dataDir })

    assert.deepEqual(await storedBytes(spool, layer), bytes)
    assert.equal(spool.usage().usedBytes, 100)
    assert.equal((await readdir(join(dataDir, 'uploads'))).length, 1)
  })

  test('after a crash before the older file was removed finds the newer bytes alone', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir, files: faultyFiles({ unlink: async () => {} }) })
    const bytes = someBytes(100)
    const [older, newer] = [newUploadId(), newUploadId()]
    await upload(first.spool, older, someBytes(100))
    await first.spool.seal(older, layerOf(bytes))
    await upload(first.spool, newer, bytes)
    await first.spool.seal(newer, layerOf(bytes))
    await first.close()
    assert.equal((await readdir(join(dataDir, 'uploads'))).length, 2)
    const { spool } = await openStorage(t, { dataDir })

    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    assert.equal(spool.usage().usedBytes, 100)
    assert.deepEqual(await readdir(join(dataDir, 'uploads')), [newer])
  })

  test('closing refuses who waits, and closes open writers', async (t) => {
    const storage = await openStorage(t)
    const { id } = await storage.sessions.create({ repository, agent: 'ci', isResumable: true })
    const writer = await storage.spool.create(id, 0)
    const key = { registry: 'default', repository, digest: layerOf(someBytes(1)).digest }
    await storage.forwards.record(key, 'ci', 1)
    await storage.forwards.claim(never)
    const waiting = [storage.forwards.claim(never), storage.forwards.settled(key, never)]
    const refused = waiting.map((wait) => assert.rejects(wait, { code: 'shutting_down' }))
    await storage.forwards.find(key)
    await storage.close()
    await storage.close()

    await Promise.all(refused)
    await assert.rejects(writer.write(someBytes(1)), /closed/)
    await assert.rejects(storage.sessions.unfinished(), /closed/)
  })
})
