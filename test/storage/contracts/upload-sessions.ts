import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import {
  type NewUploadSession,
  nothingReceived,
  type UploadSessions,
} from '../../../src/ingest/upload-sessions.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { newUploadId } from '../../../src/registry/upload-id.ts'
import { clock } from '../support/clock.ts'
import { layerOf, someBytes } from '../support/layers.ts'

/** @param now what the engine takes for the time */
export type OpenSessions = (t: TestContext, now: () => Date) => Promise<UploadSessions>

const repository = parseRepositoryName('team/app')
const elsewhere = parseRepositoryName('team/other')
const layer = layerOf(someBytes(8))
const chunk = layerOf(someBytes(5))
const upload: NewUploadSession = { repository, agent: 'ci', isResumable: true }

/** What every engine of the `UploadSessions` port does. */
export function uploadSessionsContract(engine: string, open: OpenSessions): void {
  describe(`UploadSessions: ${engine}`, () => {
    test('a session has received nothing at its beginning', async (t) => {
      const { now } = clock()
      const sessions = await open(t, now)
      const session = await sessions.create({ ...upload, expected: layer.digest })

      assert.deepEqual(session, {
        ...upload,
        id: session.id,
        expected: layer.digest,
        received: nothingReceived,
        createdAt: now(),
        changedAt: now(),
      })
      assert.deepEqual(await sessions.find(session.id), session)
      assert.deepEqual(await sessions.unfinished(), [session])
    })

    test('a session may not know its digest, and may end with its request', async (t) => {
      const sessions = await open(t, clock().now)
      const session = await sessions.create({ ...upload, isResumable: false })

      assert.equal('expected' in session, false)
      assert.equal('finishedAs' in session, false)
      assert.equal(session.isResumable, false)
      assert.deepEqual(await sessions.find(session.id), session)
    })

    test('an unknown session is not found', async (t) => {
      const sessions = await open(t, clock().now)
      await sessions.create(upload)

      assert.equal(await sessions.find(newUploadId()), undefined)
    })

    test('sessions of the same layer are told apart', async (t) => {
      const sessions = await open(t, clock().now)
      const known = { ...upload, expected: layer.digest }
      const [first, second] = await Promise.all([sessions.create(known), sessions.create(known)])
      await sessions.advance(second.id, chunk)

      assert.notEqual(first.id, second.id)
      assert.deepEqual((await sessions.find(first.id))?.received, nothingReceived)
      assert.equal((await sessions.unfinished()).length, 2)
    })

    test('a session advances from chunk to chunk', async (t) => {
      const { now, move } = clock()
      const sessions = await open(t, now)
      const session = await sessions.create(upload)
      for (const received of [chunk, layer]) {
        move(1000)
        await sessions.advance(session.id, received)
        const advanced = { ...session, received, changedAt: now() }
        assert.deepEqual(await sessions.find(session.id), advanced)
        assert.deepEqual(await sessions.unfinished(), [advanced])
      }
    })

    test('more bytes than an integer of 32 bits counts are counted', async (t) => {
      const sessions = await open(t, clock().now)
      const { id } = await sessions.create(upload)
      const received = { ...layer, sizeBytes: 10_000 * 1024 * 1024 }
      await sessions.advance(id, received)

      assert.deepEqual((await sessions.find(id))?.received, received)
    })

    test('a finished session leaves a tombstone, which is not unfinished', async (t) => {
      const { now, move } = clock()
      const sessions = await open(t, now)
      const session = await sessions.create(upload)
      const other = await sessions.create(upload)
      await sessions.advance(session.id, chunk)
      move(1000)
      await sessions.finish(session.id, layer.digest)

      const changes = { received: chunk, changedAt: now(), finishedAs: layer.digest }
      assert.deepEqual(await sessions.find(session.id), { ...session, ...changes })
      assert.deepEqual(await sessions.unfinished(), [other])
    })

    test('a tombstone stays as it is until it is forgotten', async (t) => {
      const { now, move } = clock()
      const sessions = await open(t, now)
      const { id } = await sessions.create(upload)
      await sessions.finish(id, layer.digest)
      const tombstone = await sessions.find(id)
      move(1000)
      await sessions.finish(id, chunk.digest)
      await sessions.advance(id, chunk)
      assert.deepEqual(await sessions.find(id), tombstone)
      await sessions.end(id)

      assert.equal(await sessions.find(id), undefined)
    })

    test('a change of a session that is not there is none', async (t) => {
      const sessions = await open(t, clock().now)
      const ended = await sessions.create(upload)
      const other = await sessions.create(upload)
      await sessions.end(ended.id)
      for (const id of [ended.id, newUploadId()]) {
        await sessions.end(id)
        await sessions.advance(id, chunk)
        await sessions.finish(id, layer.digest)
        assert.equal(await sessions.find(id), undefined)
      }

      assert.deepEqual(await sessions.unfinished(), [other])
      assert.deepEqual(await sessions.unchangedSince(new Date(8.64e15)), [other])
    })

    test('a digest is being received while a session that announced it is open there', async (t) => {
      const sessions = await open(t, clock().now)
      const { digest } = layer
      await sessions.create(upload)
      assert.equal(await sessions.isReceiving(repository, digest), false)
      const { id } = await sessions.create({ ...upload, expected: digest })
      await sessions.advance(id, chunk)

      assert.equal(await sessions.isReceiving(repository, digest), true)
      assert.equal(await sessions.isReceiving(elsewhere, digest), false)
      assert.equal(await sessions.isReceiving(repository, chunk.digest), false)
      await sessions.end(id)
      assert.equal(await sessions.isReceiving(repository, digest), false)
    })

    test('bytes that an unfinished session has received are known by their digest', async (t) => {
      const sessions = await open(t, clock().now)
      assert.equal(await sessions.hasReceived(chunk.digest), false)
      const { id } = await sessions.create(upload)
      assert.equal(await sessions.hasReceived(chunk.digest), false)
      await sessions.advance(id, chunk)
      assert.equal(await sessions.hasReceived(chunk.digest), true)
      await sessions.finish(id, chunk.digest)
      assert.equal(await sessions.hasReceived(chunk.digest), false)
    })

    test('a digest whose session is finished is not being received, but by another session', async (t) => {
      const sessions = await open(t, clock().now)
      const { digest } = layer
      const { id } = await sessions.create({ ...upload, expected: digest })
      await sessions.finish(id, digest)
      assert.equal(await sessions.isReceiving(repository, digest), false)
      await sessions.create({ ...upload, expected: digest })

      assert.equal(await sessions.isReceiving(repository, digest), true)
    })

    test('sessions that changed last at a time, or before, did not change since, tombstones too', async (t) => {
      const time = clock()
      const sessions = await open(t, time.now)
      const [untouched, advanced, finished, late] = [
        await sessions.create(upload),
        await sessions.create(upload),
        await sessions.create(upload),
        await sessions.create(upload),
      ]
      const createdAt = time.now()
      time.move(1000)
      await sessions.finish(finished.id, layer.digest)
      time.move(1000)
      await sessions.advance(advanced.id, chunk)
      time.move(1)
      await sessions.advance(late.id, chunk)
      const unchangedSince = async (since: Date) =>
        (await sessions.unchangedSince(since)).map(({ id }) => id)

      assert.deepEqual(await unchangedSince(new Date(createdAt.getTime() - 1)), [])
      assert.deepEqual(await unchangedSince(createdAt), [untouched.id])
      assert.deepEqual(await unchangedSince(time.in(-2)), [untouched.id, finished.id])
      assert.deepEqual(await sessions.unchangedSince(time.in(-1)), [
        untouched,
        await sessions.find(finished.id),
        await sessions.find(advanced.id),
      ])
    })
  })
}
