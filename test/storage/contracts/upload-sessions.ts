import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { UploadSessions } from '../../../src/ingest/upload-sessions.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { newUploadId } from '../../../src/registry/upload-id.ts'
import { layerOf, someBytes } from '../support/layers.ts'

/** @param now what the engine takes for the time */
export type OpenSessions = (t: TestContext, now: () => Date) => Promise<UploadSessions>

const repository = parseRepositoryName('team/app')
const elsewhere = parseRepositoryName('team/other')
const { digest } = layerOf(someBytes(1))
const start = new Date('2026-01-01T00:00:00.123Z')
const now = () => start

/** What every engine of the `UploadSessions` port does. */
export function uploadSessionsContract(engine: string, open: OpenSessions): void {
  describe(`UploadSessions: ${engine}`, () => {
    test('a session is open from its creation on', async (t) => {
      const sessions = await open(t, now)
      const session = await sessions.create({ repository, agent: 'ci', expected: digest })

      assert.deepEqual(session, {
        id: session.id,
        repository,
        agent: 'ci',
        expected: digest,
        createdAt: start,
      })
      assert.deepEqual(await sessions.open(), [session])
    })

    test('a session may not know its digest', async (t) => {
      const sessions = await open(t, now)
      const session = await sessions.create({ repository, agent: 'ci' })

      assert.equal('expected' in session, false)
      assert.deepEqual(await sessions.open(), [session])
    })

    test('sessions of the same layer are told apart', async (t) => {
      const sessions = await open(t, now)
      const upload = { repository, agent: 'ci', expected: digest }
      const [first, second] = await Promise.all([sessions.create(upload), sessions.create(upload)])

      assert.notEqual(first.id, second.id)
      assert.equal((await sessions.open()).length, 2)
    })

    test('an ended session is gone; ending it again, or one that never was, is no error', async (t) => {
      const sessions = await open(t, now)
      const ended = await sessions.create({ repository, agent: 'ci' })
      const other = await sessions.create({ repository, agent: 'ci' })
      await sessions.end(ended.id)
      await sessions.end(ended.id)
      await sessions.end(newUploadId())

      assert.deepEqual(await sessions.open(), [other])
    })

    test('a digest is being received while a session that announced it is open there', async (t) => {
      const sessions = await open(t, now)
      assert.equal(await sessions.isReceiving(repository, digest), false)
      const session = await sessions.create({ repository, agent: 'ci', expected: digest })

      assert.equal(await sessions.isReceiving(repository, digest), true)
      assert.equal(await sessions.isReceiving(elsewhere, digest), false)
      assert.equal(await sessions.isReceiving(repository, layerOf(someBytes(2)).digest), false)
      await sessions.end(session.id)
      assert.equal(await sessions.isReceiving(repository, digest), false)
    })
  })
}
