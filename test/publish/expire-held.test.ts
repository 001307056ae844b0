import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { expireHeld } from '../../src/publish/expire-held.ts'
import type { ForwardError, ForwardKey } from '../../src/publish/forward-journal.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import type { Refusal } from '../../src/registry/refusal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { createMemoryFindings } from '../support/memory-findings.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { createMemoryRefusals } from '../support/memory-refusals.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { repository } from './setup.ts'

const ttlMs = 86_400_000
const digest = digestOf(layerBytes(100))
const key: ForwardKey = { registry: 'default', repository, digest }
const hold: ForwardError = { code: 'malformed_gzip', detail: 'It ends within member 1.' }
const atManifest: Omit<Refusal, 'refusedAt'> = {
  repository,
  agent: 'ci',
  place: 'manifest',
  requestId: 'request-1',
  code: 'manifest_invalid',
  detail: 'Its layers[0]: It ends within member 1.',
  actual: { digest, sizeBytes: 100 },
  diagnosis: diagnosis('malformed_gzip', {}),
}

function setUp(t: TestContext) {
  const clock = manualClock(t)
  const journal = createMemoryJournal({ now: clock.now })
  const refusals = createMemoryRefusals()
  const findings = createMemoryFindings()
  const observer = recordingObserver()
  const ports = { journal, refusals, findings, observer, now: clock.now }
  return {
    ...ports,
    clock,
    expire: () => expireHeld(ports, ttlMs),
  }
}

test('what was held for so long is given up, and told as refused', async (t) => {
  const { clock, journal, observer, expire } = setUp(t)
  await journal.record(key, 'ci', 100, hold)
  clock.advance(ttlMs + 1)
  assert.equal(await expire(), 1)
  assert.equal(await journal.find(key), undefined)
  assert.deepEqual(observer.events, [
    {
      type: 'layer_invalid',
      stage: 'refused',
      place: 'unclaimed',
      repository,
      agent: 'ci',
      code: 'malformed_gzip',
      detail: 'It ends within member 1.',
      actual: { digest, sizeBytes: 100 },
      diagnosis: diagnosis('malformed_gzip', { receivedBytes: 100 }),
      refusedAt: clock.now(),
    },
  ])
})

test('the evidence is what was found in it, where that is about the same', async (t) => {
  const { clock, journal, findings, observer, expire } = setUp(t)
  const flaw = { cause: 'malformed_gzip', detail: hold.detail, evidence: { member: 1 } } as const
  const ofOther = digestOf(layerBytes(200))
  const found = { compression: 'gzip', contents: 'tar', inflatedBytes: 10, flaw } as const
  await findings.keep(digest, found)
  await findings.keep(ofOther, found)
  await journal.record(key, 'ci', 100, hold)
  await journal.record({ ...key, digest: ofOther }, 'ci', 200, {
    code: 'beyond_limits',
    detail: 'It is large.',
  })
  clock.advance(ttlMs + 1)
  await expire()
  assert.deepEqual(
    observer.events.map((event) => event.type === 'layer_invalid' && event.diagnosis),
    [
      diagnosis('malformed_gzip', { receivedBytes: 100, member: 1 }),
      diagnosis('beyond_limits', { receivedBytes: 200 }),
    ],
  )
})

test('findings that cannot be read keep nobody from being told', async (t) => {
  const { clock, journal, refusals, observer } = setUp(t)
  await journal.record(key, 'ci', 100, hold)
  clock.advance(ttlMs + 1)
  const findings = { of: () => Promise.reject(new Error('disk I/O error')) }
  assert.equal(
    await expireHeld({ journal, refusals, findings, observer, now: clock.now }, ttlMs),
    1,
  )
  assert.equal(observer.events.length, 1)
})

test('what is held for less is kept, and nothing is told', async (t) => {
  const { clock, journal, observer, expire } = setUp(t)
  await journal.record(key, 'ci', 100, hold)
  clock.advance(ttlMs)
  assert.equal(await expire(), 0)
  assert.equal((await journal.find(key))?.state, 'held')
  assert.deepEqual(observer.events, [])
})

test('what is owed is kept, however old it is', async (t) => {
  const { clock, journal, observer, expire } = setUp(t)
  await journal.record(key, 'ci', 100, hold)
  await journal.record(key, 'ci', 100)
  clock.advance(10 * ttlMs)
  assert.equal(await expire(), 0)
  assert.equal((await journal.find(key))?.state, 'owed')
  assert.deepEqual(observer.events, [])
})

test('what was refused at a manifest since it came was told then, and is given up all the same', async (t) => {
  const { clock, journal, refusals, observer, expire } = setUp(t)
  await journal.record(key, 'ci', 100, hold)
  await refusals.record({ ...atManifest, refusedAt: clock.now() })
  clock.advance(ttlMs + 1)
  assert.equal(await expire(), 1)
  assert.equal(await journal.find(key), undefined)
  assert.deepEqual(observer.events, [])
})

for (const [what, refusal] of [
  ['in another repository', { repository: parseRepositoryName('team/other') }],
  ['as another layer', { actual: { digest: digestOf(layerBytes(7)), sizeBytes: 7 } }],
] as const) {
  test(`what was refused ${what} was not told`, async (t) => {
    const { clock, journal, refusals, observer, expire } = setUp(t)
    await journal.record(key, 'ci', 100, hold)
    await refusals.record({ ...atManifest, ...refusal, refusedAt: clock.now() })
    clock.advance(ttlMs + 1)
    assert.equal(await expire(), 1)
    assert.equal(observer.of('layer_invalid').length, 1)
  })
}

test('what came again after it was refused at a manifest is told', async (t) => {
  const { clock, journal, refusals, observer, expire } = setUp(t)
  await refusals.record({ ...atManifest, refusedAt: clock.now() })
  clock.advance(1)
  await journal.record(key, 'ci', 100, hold)
  clock.advance(ttlMs + 1)
  await expire()
  assert.equal(observer.of('layer_invalid').length, 1)
})

test('an error that is no cause of a refusal is told as unknown', async (t) => {
  const { clock, journal, observer, expire } = setUp(t)
  await journal.record(key, 'ci', 100, { code: 'internal', detail: 'Nobody knows.' })
  clock.advance(ttlMs + 1)
  await expire()
  const [event] = observer.of('layer_invalid')
  assert.deepEqual([event?.code, event?.detail], ['internal', 'Nobody knows.'])
  assert.deepEqual(event?.diagnosis, diagnosis('unknown', { receivedBytes: 100 }))
})

test('what was given up is told even if nobody knows what was told before', async (t) => {
  const { clock, journal, refusals, observer, expire } = setUp(t)
  await journal.record(key, 'ci', 100, hold)
  const second = { ...key, digest: digestOf(layerBytes(7)) }
  await journal.record(second, 'ci', 7, hold)
  clock.advance(ttlMs + 1)
  t.mock.method(refusals, 'hasRefused', () => Promise.reject(new Error('the journal is broken')))
  assert.equal(await expire(), 2)
  assert.deepEqual(
    observer.of('layer_invalid').map(({ actual }) => actual?.digest),
    [digest, second.digest],
  )
})

test('what is given up is told before it is gone: a crash in between has it told again', async (t) => {
  const { clock, journal, observer, refusals, findings } = setUp(t)
  await journal.record(key, 'ci', 100, hold)
  clock.advance(ttlMs + 1)
  const dying = { ...journal, dropHeld: () => Promise.reject(new Error('It died.')) }
  const ports = { journal: dying, refusals, findings, observer, now: clock.now }
  await assert.rejects(expireHeld(ports, ttlMs), /died/)
  assert.equal(observer.of('layer_invalid').length, 1)
  assert.equal((await journal.find(key))?.state, 'held')
})
