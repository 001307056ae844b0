import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OpenPorts, openUpload } from '../../src/ingest/open-upload.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { never, repository, setUp } from './setup.ts'

const session = { repository, agent: 'ci', isResumable: false, expected: digestOf(layerBytes(10)) }

async function assertNothingLeft({ places, spool, sessions }: OpenPorts): Promise<void> {
  assert.deepEqual([places.taken, places.waiting], [0, 0])
  assert.deepEqual(await sessions.unfinished(), [])
  assert.equal(spool.usage().usedBytes, 0)
}

test('an open upload has a place, a session and its space', async () => {
  const ports = setUp()
  const upload = await openUpload(ports, session, 100, never)
  assert.equal(ports.places.taken, 1)
  assert.deepEqual(await ports.sessions.unfinished(), [upload.session])
  assert.equal(ports.spool.usage().usedBytes, 100)
  assert.equal(await ports.sessions.isReceiving(repository, session.expected), true)
  await upload.close()
})

test('a closed upload leaves nothing, and closing it again changes nothing', async () => {
  const ports = setUp()
  const upload = await openUpload(ports, session, 0, never)
  await upload.writer.write(layerBytes(10))
  await upload.writer.flush()
  await upload.close()
  await assertNothingLeft(ports)
  await assert.rejects(upload.writer.write(layerBytes(10)), /closed/)

  const other = await openUpload(ports, session, 0, never)
  await upload.close()
  assert.equal(ports.places.taken, 1)
  await other.close()
})

test('closing an upload keeps the layer that it was sealed as', async () => {
  const ports = setUp()
  const bytes = layerBytes(10)
  const upload = await openUpload(ports, session, 0, never)
  await upload.writer.write(bytes)
  await upload.writer.flush()
  const received = { digest: digestOf(bytes), sizeBytes: 10 }
  await ports.gate.admit(upload.session.id, received, received.digest)
  await upload.close()
  assert.deepEqual(await ports.spool.find(received.digest), received)
  assert.deepEqual([ports.places.taken, await ports.sessions.unfinished()], [0, []])
})

const failure = new Error('it broke')
const fail = () => Promise.reject(failure)

const breakages: Readonly<Record<string, (ports: ReturnType<typeof setUp>) => OpenPorts>> = {
  'no session can be created': (ports) => ({
    ...ports,
    sessions: { ...ports.sessions, create: fail },
  }),
  'the spool cannot create an upload': (ports) => ({
    ...ports,
    spool: { ...ports.spool, create: fail },
  }),
}

for (const [what, breakPorts] of Object.entries(breakages)) {
  test(`when ${what}, nothing is left`, async () => {
    const ports = breakPorts(setUp())
    await assert.rejects(openUpload(ports, session, 100, never), failure)
    await assertNothingLeft(ports)
  })
}

test('when the spool is full, nothing is left', async () => {
  const ports = setUp({ waitMs: 1 })
  const full = new LayergateError('spool_full', 'No room.')
  const spool = { ...ports.spool, create: () => Promise.reject(full) }
  await assert.rejects(openUpload({ ...ports, spool }, session, 100, never), full)
  await assertNothingLeft(ports)
})

test('a layer that the spool could never hold does not even ask for a place', async () => {
  const ports = setUp({ spool: createMemorySpool({ capacityBytes: 99 }), places: 1 })
  const first = await openUpload(ports, session, 0, never)
  await assert.rejects(openUpload(ports, session, 100, never), codeIs('spool_too_small'))
  await first.close()
})

test('when there is no place, no session is created', async () => {
  const ports = setUp({ places: 1, waitMs: 1 })
  const first = await openUpload(ports, session, 0, never)
  await assert.rejects(openUpload(ports, session, 0, never), codeIs('overloaded'))
  assert.equal((await ports.sessions.unfinished()).length, 1)
  await first.close()
  await assertNothingLeft(ports)
})

test('when the client leaves while it waits for room, nothing is left', async () => {
  const ports = setUp()
  const full = new LayergateError('spool_full', 'No room.')
  const controller = new AbortController()
  const reason = new Error('the client left')
  const spool = {
    ...ports.spool,
    create() {
      controller.abort(reason)
      return Promise.reject(full)
    },
  }
  const opening = openUpload({ ...ports, spool }, session, 100, controller.signal)
  await assert.rejects(opening, reason)
  await assertNothingLeft(ports)
})

test('a step of closing that fails does not keep the others from being done', async () => {
  const ports = setUp()
  const spool = { ...ports.spool, discard: fail }
  const upload = await openUpload({ ...ports, spool }, session, 0, never)
  await assert.rejects(upload.close(), failure)
  assert.deepEqual([ports.places.taken, await ports.sessions.unfinished()], [0, []])
})
