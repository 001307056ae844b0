import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openUpload } from '../../src/ingest/open-upload.ts'
import { sweepUnfinished } from '../../src/ingest/sweep.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { never, repository, setUp } from './setup.ts'

const bytes = layerBytes(10)
const received = { digest: digestOf(bytes), sizeBytes: bytes.length }

async function upload(ports: ReturnType<typeof setUp>) {
  const opened = await openUpload(ports, { repository, agent: 'ci' }, 0, never)
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
  assert.deepEqual(await ports.sessions.open(), [])
})

test('a layer that was sealed before the crash stays', async () => {
  const ports = setUp()
  await ports.gate.admit(await upload(ports), received, received.digest)
  assert.equal(await sweepUnfinished(ports.sessions, ports.spool), 1)
  assert.deepEqual(await ports.spool.find(received.digest), received)
  assert.deepEqual(await ports.sessions.open(), [])
})

test('bytes go before their session: a crash in between leaves nothing that nobody knows of', async () => {
  const ports = setUp()
  await upload(ports)
  const spool = { ...ports.spool, discard: () => Promise.reject(new Error('crashed')) }
  await assert.rejects(sweepUnfinished(ports.sessions, spool), /crashed/)
  assert.equal((await ports.sessions.open()).length, 1)
})

test('where nothing is unfinished, nothing is swept', async () => {
  const { sessions, spool } = setUp()
  assert.equal(await sweepUnfinished(sessions, spool), 0)
})
