import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openUpload } from '../../src/ingest/open-upload.ts'
import { createSessionLeases } from '../../src/ingest/session-leases.ts'
import { sweepExpired, sweepUnfinished } from '../../src/ingest/sweep.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySessions } from '../support/memory-sessions.ts'
import { never, repository, setUp } from './setup.ts'

const bytes = layerBytes(10)
const received = { digest: digestOf(bytes), sizeBytes: bytes.length }

async function upload(ports: ReturnType<typeof setUp>) {
  const opened = await openUpload(ports, { repository, agent: 'ci', isResumable: false }, 0, never)
  await opened.writer.write(bytes)
  await opened.writer.flush()
  return opened.session.id
}

test('what unfinished uploads left is removed, and counted', async () => {
  const ports = setUp()
  await upload(ports)
  await upload(ports)
  assert.equal(await sweepUnfinished(ports.sessions, ports.spool), 2)
  assert.equal(ports.spool.usage().usedBytes, 0)
  assert.deepEqual(await ports.sessions.unfinished(), [])
})

test('a layer that was sealed before the crash stays', async () => {
  const ports = setUp()
  await ports.gate.admit(await upload(ports), received, received.digest)
  assert.equal(await sweepUnfinished(ports.sessions, ports.spool), 1)
  assert.deepEqual(await ports.spool.find(received.digest), received)
  assert.deepEqual(await ports.sessions.unfinished(), [])
})

test('bytes go before their session: a crash in between leaves nothing that nobody knows of', async () => {
  const ports = setUp()
  await upload(ports)
  const spool = { ...ports.spool, discard: () => Promise.reject(new Error('crashed')) }
  await assert.rejects(sweepUnfinished(ports.sessions, spool), /crashed/)
  assert.equal((await ports.sessions.unfinished()).length, 1)
})

test('where nothing is unfinished, nothing is swept', async () => {
  const { sessions, spool } = setUp()
  assert.equal(await sweepUnfinished(sessions, spool), 0)
})

test('an upload that a client may come back to outlives the process', async () => {
  const { sessions, spool } = setUp()
  const { id } = await sessions.create({ repository, agent: 'ci', isResumable: true })
  assert.equal(await sweepUnfinished(sessions, spool), 0)
  assert.equal((await sessions.find(id))?.id, id)
})

const hourMs = 60 * 60_000
const ttlMs = 24 * hourMs

/** Sessions and a spool under a clock that a test sets. */
function expiring() {
  let nowMs = 0
  const now = () => new Date(nowMs)
  const { spool, inspector } = setUp()
  const sessions = createMemorySessions({ now })
  const leases = createSessionLeases()
  const ports = { sessions, spool, leases, inspector, now }
  return {
    ...ports,
    sweep: () => sweepExpired(ports, ttlMs),
    passMs(ms: number) {
      nowMs += ms
    },
    async begun() {
      const { id } = await sessions.create({ repository, agent: 'ci', isResumable: true })
      await using writer = await spool.create(id, 0)
      await writer.write(bytes)
      await writer.flush()
      return id
    },
  }
}

test('an upload that nobody goes on with is removed after its time, and counted', async () => {
  const { begun, sweep, passMs, sessions, spool } = expiring()
  const id = await begun()
  passMs(ttlMs - 1)
  assert.equal(await sweep(), 0)
  assert.ok(await sessions.find(id))
  passMs(1)
  assert.equal(await sweep(), 1)
  assert.equal(await sessions.find(id), undefined)
  assert.equal(spool.usage().usedBytes, 0)
})

test('each chunk gives an upload its time again', async () => {
  const { begun, sweep, passMs, sessions } = expiring()
  const id = await begun()
  passMs(ttlMs - 1)
  await sessions.advance(id, received)
  passMs(ttlMs - 1)
  assert.equal(await sweep(), 0)
})

test('an upload that is being written to is left alone', async () => {
  const { begun, sweep, passMs, sessions, leases } = expiring()
  const id = await begun()
  passMs(ttlMs)
  {
    using _ = await leases.take(id, never)
    assert.equal(await sweep(), 0)
    assert.ok(await sessions.find(id))
  }
  assert.equal(await sweep(), 1)
})

test('a tombstone goes after an hour, and is not counted', async () => {
  const { begun, sweep, passMs, sessions } = expiring()
  const id = await begun()
  await sessions.finish(id, received.digest)
  passMs(hourMs - 1)
  await sweep()
  assert.ok(await sessions.find(id))
  passMs(1)
  assert.equal(await sweep(), 0)
  assert.equal(await sessions.find(id), undefined)
})
