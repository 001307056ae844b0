import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import type { Recipient } from '../../src/ingest/finish-upload.ts'
import type { Announcement } from '../../src/ingest/announcement.ts'
import { createLayerIntake, type Intake } from '../../src/ingest/layer-intake.ts'
import type { ErrorCode } from '../../src/registry/error-table.ts'
import { type Diagnosis, diagnosis } from '../../src/registry/diagnosis.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import type { UploadOutcome } from '../../src/registry/events.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { recipientThat } from '../support/recipient.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never, repository, setUp, type SetupOptions } from './setup.ts'

const bytes = layerBytes(100)
const digest = digestOf(bytes)
const limits = { maxLayerBytes: 1000, idleTimeoutMs: 60_000 }
const announcement: Announcement = {
  repository,
  agent: 'ci',
  entry: 'raw',
  requestId: 'request-1',
  expected: digest,
}
const recipient = recipientThat({ record: async () => 'recorded' })

function intake(options: SetupOptions = {}) {
  const leftBehind: unknown[] = []
  const ports = { ...setUp(options), onLeftBehind: (error: unknown) => leftBehind.push(error) }
  return {
    ...ports,
    leftBehind,
    takeLayer: createLayerIntake(ports, limits),
    async assertNothingLeft() {
      assert.deepEqual([ports.places.taken, await ports.sessions.unfinished()], [0, []])
      assert.equal(ports.spool.usage().usedBytes, 0)
    },
  }
}

/** The usual two steps, for a body that ends. */
function push(body: Uint8Array, to: Recipient<string> = recipient) {
  return async ({ receive, finish }: Intake) =>
    finish(await receive(Readable.from([body])), digest, to)
}

test('a layer that is accepted is sealed, and its upload is over', async () => {
  const { takeLayer, spool, places, sessions } = intake()
  assert.equal(await takeLayer(announcement, never, push(bytes)), 'recorded')
  assert.deepEqual(await spool.find(digest), { digest, sizeBytes: 100 })
  assert.deepEqual([places.taken, await sessions.unfinished()], [0, []])
})

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn()
}

test('whoever looks on sees how far an upload has come', async () => {
  const { takeLayer, observer } = intake()
  const body = new PassThrough()
  const { promise: isChecked, resolve: goOn } = Promise.withResolvers<string>()
  const taken = takeLayer({ ...announcement, sizeBytes: 100 }, never, async (steps) => {
    const received = await steps.receive(body)
    return steps.finish(received, digest, recipientThat({ record: () => isChecked }))
  })
  const progress = () => observer.of('upload_started')[0]?.progress()
  await someTurns()
  assert.equal(observer.of('upload_started')[0]?.announcedBytes, 100)
  assert.deepEqual(progress(), { receivedBytes: 0, expected: digest, phase: 'receiving' })
  body.write(bytes.subarray(0, 60))
  await someTurns()
  assert.deepEqual(progress(), { receivedBytes: 60, expected: digest, phase: 'receiving' })
  body.end(bytes.subarray(60))
  await someTurns()
  assert.deepEqual(progress(), { receivedBytes: 100, expected: digest, phase: 'checking' })
  goOn('recorded')
  await taken
  assert.equal(progress()?.phase, 'ended')
})

test('a verified upload is told with its beginning and its end', async () => {
  const { takeLayer, observer } = intake()
  await takeLayer(announcement, never, push(bytes))
  const [started, ended, ...others] = observer.events
  assert.equal(started?.type, 'upload_started')
  const { progress, ...about } = started
  assert.deepEqual(about, {
    type: 'upload_started',
    repository,
    agent: 'ci',
    entry: 'raw',
    requestId: 'request-1',
  })
  assert.deepEqual(progress(), { receivedBytes: 100, expected: digest, phase: 'ended' })
  assert.equal(ended?.type, 'upload_ended')
  const { seconds, receiveSeconds, verifySeconds, ...rest } = ended
  assert.ok(seconds >= 0 && (receiveSeconds ?? -1) >= 0 && (verifySeconds ?? -1) >= 0)
  assert.deepEqual(rest, {
    type: 'upload_ended',
    repository,
    agent: 'ci',
    entry: 'raw',
    requestId: 'request-1',
    outcome: 'verified',
    sizeBytes: 100,
    layerSizeBytes: 100,
    expected: digest,
    actual: digest,
  })
  assert.deepEqual(others, [])
})

test('an upload that was refused unread has neither been received nor verified', async () => {
  const { takeLayer, observer } = intake()
  const large = { ...announcement, sizeBytes: limits.maxLayerBytes + 1 }
  await assert.rejects(takeLayer(large, never, push(bytes)), codeIs('layer_too_large'))
  const [ended] = observer.of('upload_ended')
  assert.equal(ended?.error, 'layer_too_large')
  assert.equal(ended.receiveSeconds, undefined)
  assert.equal(ended.verifySeconds, undefined)
})

test('a digest that comes with the body is told as well', async () => {
  const { takeLayer, observer } = intake()
  const { expected: _, ...later } = announcement
  await takeLayer(later, never, push(bytes))
  assert.equal(observer.of('upload_ended')[0]?.expected, digest)
})

test('a mismatch is refused with both digests and its cause, and nothing is left', async () => {
  const why = diagnosis('bit_flips', { differingBits: 1 })
  const { takeLayer, observer, assertNothingLeft } = intake({ inspector: { why } })
  const other = layerBytes(50, 2)
  await assert.rejects(takeLayer(announcement, never, push(other)), codeIs('digest_mismatch'))
  const [ended] = observer.of('upload_ended')
  assert.equal(ended?.outcome, 'refused')
  assert.deepEqual(
    [ended.error, ended.cause, ended.expected, ended.actual, ended.sizeBytes],
    ['digest_mismatch', 'bit_flips', digest, digestOf(other), 50],
  )
  const [{ detail, ...refused } = { detail: '' }, ...others] = observer.of('layer_invalid')
  assert.match(detail, new RegExp(`^Expected ${digest}, but the 50 bytes that came`))
  assert.deepEqual(refused, {
    type: 'layer_invalid',
    stage: 'refused',
    repository,
    agent: 'ci',
    place: 'raw',
    requestId: 'request-1',
    code: 'digest_mismatch',
    expected: { digest },
    actual: { digest: digestOf(other), sizeBytes: 50 },
    diagnosis: diagnosis('bit_flips', { differingBits: 1 }),
    refusedAt: new Date(0),
  })
  assert.deepEqual(others, [])
  await assertNothingLeft()
})

test('an empty layer is refused as a layer that is itself at fault', async () => {
  const { takeLayer, observer, assertNothingLeft } = intake()
  const body = Buffer.alloc(0)
  await assert.rejects(takeLayer(announcement, never, push(body)), codeIs('layer_empty'))
  const [ended] = observer.of('upload_ended')
  assert.deepEqual([ended?.outcome, ended?.sizeBytes], ['refused', 0])
  assert.equal(observer.of('layer_invalid')[0]?.diagnosis.cause, 'empty')
  await assertNothingLeft()
})

test('a layer that is announced as too large is refused before anything is taken', async () => {
  const { takeLayer, observer, assertNothingLeft } = intake()
  const announced = { ...announcement, sizeBytes: 1001 }
  await assert.rejects(takeLayer(announced, never, push(bytes)), codeIs('layer_too_large'))
  assert.equal(observer.of('upload_ended')[0]?.sizeBytes, 0)
  assert.equal(observer.of('upload_ended')[0]?.outcome, 'refused')
  await assertNothingLeft()
})

const outcomes: readonly [ErrorCode, UploadOutcome][] = [
  ['digest_mismatch', 'refused'],
  ['layer_too_large', 'refused'],
  ['repository_unknown', 'refused'],
  ['client_aborted', 'aborted'],
  ['idle_timeout', 'aborted'],
  ['shutting_down', 'aborted'],
  ['spool_full', 'failed'],
  ['overloaded', 'failed'],
  ['upstream_credentials', 'failed'],
  ['internal', 'failed'],
]

for (const [code, outcome] of outcomes) {
  test(`an upload that ends with ${code} has ${outcome}, once, without the layer's own cause`, async () => {
    const { takeLayer, observer, assertNothingLeft } = intake()
    const error = new LayergateError(code, 'As it were.')
    await assert.rejects(
      takeLayer(announcement, never, () => Promise.reject(error)),
      error,
    )
    const [ended, ...others] = observer.of('upload_ended')
    assert.deepEqual([ended?.outcome, ended?.error], [outcome, code])
    assert.deepEqual(observer.of('layer_invalid'), [])
    assert.deepEqual(others, [])
    await assertNothingLeft()
  })
}

test('whatever else is thrown ends as internal, with the cause kept', async () => {
  const { takeLayer, observer } = intake()
  const bug = new TypeError('a bug')
  await assert.rejects(
    takeLayer(announcement, never, () => Promise.reject(bug)),
    (error) => codeIs('internal')(error) && error instanceof Error && error.cause === bug,
  )
  assert.equal(observer.of('upload_ended')[0]?.outcome, 'failed')
})

test('a layer that nobody would take is gone, and the reason is told', async () => {
  const { takeLayer, assertNothingLeft } = intake()
  const unknown = new LayergateError('repository_unknown', 'There is no such repository.')
  const refusing = { ...recipient, check: () => Promise.reject(unknown) }
  await assert.rejects(takeLayer(announcement, never, push(bytes, refusing)), unknown)
  await assertNothingLeft()
})

test('an abort in the middle of the body leaves nothing', async () => {
  const { takeLayer, observer, assertNothingLeft } = intake()
  const controller = new AbortController()
  const body = new PassThrough()
  const taken = takeLayer(announcement, controller.signal, ({ receive }) => receive(body))
  body.write(layerBytes(10))
  await nextTurn()
  controller.abort(new LayergateError('client_aborted', 'The client left.'))
  await assert.rejects(taken, codeIs('client_aborted'))
  assert.equal(observer.of('upload_ended')[0]?.outcome, 'aborted')
  await assertNothingLeft()
})

test('of a body that is cut off the bytes that came are told', async () => {
  const { takeLayer, observer, assertNothingLeft } = intake()
  const body = new PassThrough()
  const taken = takeLayer(announcement, never, ({ receive }) => receive(body))
  body.write(layerBytes(10))
  await nextTurn()
  body.destroy()
  await assert.rejects(taken, codeIs('client_aborted'))
  assert.equal(observer.of('upload_ended')[0]?.sizeBytes, 10)
  await assertNothingLeft()
})

test('an announced size is reserved beforehand, an unknown one as it comes', async () => {
  const spool = createMemorySpool()
  const { takeLayer } = intake({ spool })
  await takeLayer({ ...announcement, sizeBytes: 100 }, never, async ({ receive }) => {
    assert.equal(spool.usage().usedBytes, 100)
    return receive(Readable.from([bytes]))
  })
  await takeLayer(announcement, never, async ({ receive }) => {
    assert.equal(spool.usage().usedBytes, 0)
    await receive(Readable.from([bytes]))
    assert.ok(spool.usage().usedBytes > 100)
  })
})

test('of many uploads at once no more are received than there are places', async () => {
  const { takeLayer, places, assertNothingLeft } = intake({ places: 2 })
  let most = 0
  const pushes = Array.from({ length: 10 }, () =>
    takeLayer(announcement, never, async () => {
      most = Math.max(most, places.taken)
      await nextTurn()
    }),
  )
  await Promise.all(pushes)
  assert.equal(most, 2)
  await assertNothingLeft()
})

test('an upload that cannot be cleared away changes neither a refusal nor an accepted layer', async () => {
  const spool = createMemorySpool()
  const failure = new Error('the disk is gone')
  const stuck = { ...spool, discard: () => Promise.reject(failure) }
  const { takeLayer, leftBehind } = intake({ spool: stuck })
  assert.equal(await takeLayer(announcement, never, push(bytes)), 'recorded')
  await assert.rejects(
    takeLayer(announcement, never, push(layerBytes(99))),
    codeIs('digest_mismatch'),
  )
  assert.deepEqual(leftBehind, [failure, failure])
})

test('the bytes of an upload that never came to its end are counted', async () => {
  const { takeLayer, observer } = intake()
  const cut = new Readable({ read() {} })
  cut.push(bytes)
  const leaving = new AbortController()
  const pushing = takeLayer(announcement, leaving.signal, ({ receive }) => receive(cut))
  await nextTurn()
  leaving.abort(new LayergateError('client_aborted', 'The client left.'))
  await assert.rejects(pushing, codeIs('client_aborted'))
  assert.equal(observer.of('upload_ended')[0]?.sizeBytes, bytes.length)
})

test('a spool that stays full is told as that, though room cannot be made', async () => {
  const { leftBehind, observer, ...ports } = intake({ waitMs: 1 })
  const failure = new Error('the journal is gone')
  const full = new LayergateError('spool_full', 'No room.')
  const take = createLayerIntake(
    {
      ...ports,
      observer,
      onLeftBehind: (error) => leftBehind.push(error),
      spool: { ...ports.spool, create: () => Promise.reject(full) },
      room: {
        find: (_bytes, _signal, attempt) => attempt(),
        afterFailure: () => Promise.reject(failure),
      },
    },
    limits,
  )
  await assert.rejects(take(announcement, never, push(bytes)), full)
  assert.deepEqual(leftBehind, [failure])
  assert.equal(observer.of('upload_ended')[0]?.error, 'spool_full')
})

test('a refusal whose diagnosis takes long is told once that is there, with what it found', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pending = Promise.withResolvers<Diagnosis>()
  const { takeLayer, observer } = intake({ inspector: { why: pending.promise } })
  const pushing = takeLayer(announcement, never, push(layerBytes(50, 2)))
  const refused = assert.rejects(pushing, codeIs('digest_mismatch'))
  for (let turns = 0; turns < 20; turns += 1) await nextTurn()
  t.mock.timers.tick(2000)
  await refused
  assert.equal(observer.of('upload_ended')[0]?.outcome, 'refused')
  assert.deepEqual(observer.of('layer_invalid'), [])
  const found = diagnosis('truncated', { receivedBytes: 50 })
  pending.resolve(found)
  await nextTurn()
  assert.deepEqual(
    observer.of('layer_invalid').map((event) => event.diagnosis),
    [found],
  )
})

test('the inspection of an upload ends with it', async () => {
  const { takeLayer, inspector } = intake()
  await takeLayer(announcement, never, push(bytes))
  assert.deepEqual(inspector.asked, ['inspect 1 of 100', 'forget 1'])
})
