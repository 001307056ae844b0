import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createDrainRate } from '../../../src/publish/pace/drain-rate.ts'
import { createPace } from '../../../src/publish/pace/pace.ts'
import type { Observer } from '../../../src/registry/events.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import {
  forwardEnded,
  forwardStarted,
  mebibyte,
  partSent,
  sendLayer,
  uploadEnded,
  upstreamPaused,
  upstreamResumed,
  uploadStarted,
} from './setup-pace.ts'

/** Tells all events as those of one destination, and of a repository that goes there. */
function at(name: string, observer: Observer): Observer {
  return {
    observe(event) {
      const place = 'destination' in event ? { destination: name } : {}
      const origin = 'repository' in event ? { repository: `${name}/app` } : {}
      observer.observe(Object.assign({ ...event }, place, origin))
    },
  }
}

const destinationOf = (repository: string) => repository.split('/')[0] ?? 'default'

/** A pace over two destinations, of which `good` was seen to take 10 MiB in a second, and so 200 ahead. */
function setUp(t: TestContext) {
  const clock = manualClock(t)
  const journal = { mebibytes: 0, stuckMebibytes: 0 }
  const pace = createPace(
    {
      now: () => clock.now().getTime(),
      layersPerSecond: () => 1000,
      owed: async () => ({ bytes: journal.mebibytes * mebibyte, layers: 1 }),
      owedTo: async (name) => ({
        bytes: name === 'bad' ? journal.stuckMebibytes * mebibyte : 0,
        layers: name === 'bad' ? 1 : 0,
      }),
      destinationOf,
      onJournalError: (error) => assert.fail(String(error)),
    },
    { aheadMs: 20_000 },
  )
  const [good, bad] = [at('good', pace), at('bad', pace)]
  sendLayer(good, clock, 30, 1)
  return {
    clock,
    journal,
    pace,
    good,
    bad,
    verify(observer: Observer, mebibytes: number) {
      const layerSizeBytes = mebibytes * mebibyte
      observer.observe(uploadStarted)
      observer.observe(uploadEnded(layerSizeBytes, 'verified', { layerSizeBytes }))
    },
    async askJournal() {
      clock.advance(5_000)
      await pace.admit(1, new AbortController().signal)
      await nextTurn()
    },
  }
}

test('a destination that is paused does not switch the pace of another off', (t) => {
  const { pace, good, bad, verify } = setUp(t)
  verify(good, 300)
  assert.equal(pace.isPacing, true)
  bad.observe(upstreamPaused)
  assert.equal(pace.isPacing, true)
})

test('what is owed to a destination that is paused slows nobody, until it is resumed', (t) => {
  const { pace, good, bad, verify } = setUp(t)
  verify(good, 10)
  verify(bad, 1000)
  assert.equal(pace.isPacing, true)
  bad.observe(upstreamPaused)
  assert.equal(pace.isPacing, false)
  verify(bad, 1000)
  assert.equal(pace.isPacing, false)
  verify(good, 300)
  assert.equal(pace.isPacing, true)
  bad.observe(upstreamResumed)
  assert.equal(pace.isPacing, true)
})

test('what was owed to it before a restart does not either, as soon as the journal was asked', async (t) => {
  const { pace, good, bad, verify, journal, askJournal } = setUp(t)
  Object.assign(journal, { mebibytes: 1010, stuckMebibytes: 1000 })
  bad.observe(upstreamPaused)
  verify(good, 10)
  await askJournal()
  assert.equal(pace.isPacing, false)
  Object.assign(journal, { mebibytes: 1300 })
  verify(good, 1)
  await askJournal()
  assert.equal(pace.isPacing, true)
})

test('when every destination is paused nothing is paced', (t) => {
  const { pace, good, bad, verify } = setUp(t)
  verify(good, 300)
  for (const each of [good, bad]) each.observe(upstreamPaused)
  assert.equal(pace.isPacing, false)
})

test('when those that are well have not been used for a minute nothing is paced', (t) => {
  const { pace, good, bad, verify, clock } = setUp(t)
  verify(good, 300)
  clock.advance(59_999)
  bad.observe(upstreamPaused)
  assert.equal(pace.isPacing, true)
  clock.advance(1)
  assert.equal(pace.isPacing, false)
})

test('a destination that is silent while it has flights is in trouble alone', (t) => {
  const { pace, good, bad, verify, clock } = setUp(t)
  verify(bad, 1000)
  bad.observe(forwardStarted(1000 * mebibyte))
  clock.advance(60_000)
  verify(good, 10)
  assert.equal(pace.isPacing, false)
  verify(good, 300)
  assert.equal(pace.isPacing, true)
})

test('the rate is that of the destinations that take something', (t) => {
  const clock = manualClock(t)
  const rate = createDrainRate(() => clock.now().getTime(), destinationOf)
  const [good, bad] = [at('good', rate), at('bad', rate)]
  bad.observe(forwardStarted(1000 * mebibyte))
  bad.observe(upstreamPaused)
  clock.advance(60_000)
  assert.equal(rate.bytesPerSecond, undefined)
  sendLayer(good, clock, 30, 1)
  clock.advance(600_000)
  sendLayer(good, clock, 30, 1)
  const near = (rate.bytesPerSecond ?? 0) / mebibyte
  assert.ok(Math.abs(near - 10) < 0.2, `${near} MiB/s`)
  bad.observe(upstreamResumed)
  bad.observe({ ...partSent(0, 0.1), waitedSeconds: 600 })
  bad.observe(forwardEnded(1000 * mebibyte))
  sendLayer(good, clock, 60, 0.5)
  const after = (rate.bytesPerSecond ?? 0) / mebibyte
  assert.ok(after > 15, `${after} MiB/s, twice as fast for 30 s`)
})
