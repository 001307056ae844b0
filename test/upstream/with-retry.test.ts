import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import type { Upstream } from '../../src/publish/upstream.ts'
import { UpstreamError, type UpstreamFailure } from '../../src/publish/upstream-error.ts'
import type { Digest } from '../../src/registry/digest.ts'
import type { LayergateEvent } from '../../src/registry/events.ts'
import { type UpstreamRetrySettings, withRetry } from '../../src/upstream/with-retry.ts'
import { admitLayer, layerBytes } from '../support/layers.ts'
import { imageOf } from '../support/manifests.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { callWith, latest, upstreamError } from './setup.ts'

const call = callWith()
const upload = { id: 'upload-1', partSizeBytes: 10 }
const range = { firstByte: 0, lastByte: 9 }

function failed(failure: UpstreamFailure, retryAfterMs?: number): UpstreamError {
  return new UpstreamError(failure, {
    operation: 'Operation',
    exception: 'Exception',
    message: 'AWS says no.',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** An upstream whose calls fail with these errors, one each, and succeed from then on. */
async function setUp(errors: Error[], settings: Partial<UpstreamRetrySettings> = {}) {
  const spool = createMemorySpool()
  const layer = await admitLayer(spool, createGate(spool), layerBytes(10))
  const log: string[] = []
  const events: LayergateEvent[] = []
  const absent = new Set([layer.digest])
  const tags = new Map<string, Digest>()
  const answer = async <T>(name: string, result: T): Promise<T> => {
    log.push(name)
    const error = errors.shift()
    if (error) throw error
    return result
  }
  const once: Upstream = {
    absent: () => answer('absent', absent),
    start: () => answer('start', upload),
    sendPart: () => answer('sendPart', undefined),
    complete: () => answer('complete', undefined),
    putManifest: () => answer('putManifest', undefined),
    createRepository: () => answer('createRepository', 'created' as const),
  }
  const upstream = withRetry(once, {
    observer: { observe: (event) => events.push(event) },
    random: () => 1,
    sleep: async (ms) => {
      if (ms > 0) log.push(`sleep ${ms}`)
    },
    refreshCredentials: async () => {
      log.push('refresh')
    },
    retryBudget: {
      take: async () => {
        log.push('budget')
      },
    },
    tagDigest: (_call, tag) => answer('tagDigest', tags.get(tag)),
    ...settings,
  })
  return { upstream, layer, image: imageOf(layer), log, events, absent, tags }
}

test('a call that succeeds is made once', async () => {
  const { upstream, layer, log, events } = await setUp([])
  assert.equal(await upstream.start(call, layer), upload)
  assert.deepEqual(log, ['start'])
  assert.deepEqual(events, [])
})

test('an unavailable upstream is asked again, ever later, within the budget', async () => {
  const { upstream, layer, log } = await setUp([failed('unavailable'), failed('unavailable')])
  assert.equal(await upstream.start(call, layer), upload)
  assert.deepEqual(log, ['start', 'sleep 200', 'budget', 'start', 'sleep 400', 'budget', 'start'])
})

test('a throttled call waits longer, and as long as it was told to', async () => {
  const { upstream, layer, log } = await setUp([failed('throttled'), failed('throttled', 5000)])
  await upstream.sendPart(call, upload, layer, range)
  const waits = log.filter((entry) => entry.startsWith('sleep'))
  assert.deepEqual(waits, ['sleep 1000', 'sleep 5000'])
})

test('each retry is told to the observer', async () => {
  const { upstream, layer, events } = await setUp([failed('unavailable')])
  await upstream.start(call, layer)
  assert.deepEqual(events, [
    {
      type: 'upstream_retried',
      destination: 'default',
      operation: 'Operation',
      reason: 'unavailable',
      exception: 'Exception',
      attempt: 1,
      waitMs: 200,
    },
  ])
})

test("AWS's id of a failed attempt is told with its retry", async () => {
  const { facts, failure } = failed('unavailable')
  const error = new UpstreamError(failure, { ...facts, requestId: 'aws-1' })
  const { upstream, layer, events } = await setUp([error])
  await upstream.start(call, layer)
  const [event] = events
  assert.ok(event?.type === 'upstream_retried')
  assert.equal(event.upstreamRequestId, 'aws-1')
  assert.equal('requestId' in event, false)
})

test('a call is given up after eight attempts, with its last error', async () => {
  const errors = Array.from({ length: 9 }, () => failed('unavailable'))
  const eighth = errors[7]
  const { upstream, layer, log, events } = await setUp(errors)
  await assert.rejects(upstream.start(call, layer), (error) => error === eighth)
  assert.equal(log.filter((entry) => entry === 'start').length, 8)
  assert.equal(events.length, 7)
})

/** What the observer heard of refreshes. */
function refreshesIn(events: readonly LayergateEvent[]) {
  return events.filter(({ type }) => type === 'credentials_refreshed')
}

function refreshEvent(outcome: 'refreshed' | 'failed') {
  return { type: 'credentials_refreshed', destination: 'default', outcome }
}

test('a credentials failure is healed by one refresh, which is told', async () => {
  const { upstream, layer, log, events } = await setUp([failed('credentials')])
  await upstream.start(call, layer)
  assert.deepEqual(log, ['start', 'budget', 'refresh', 'start'])
  assert.deepEqual(refreshesIn(events), [refreshEvent('refreshed')])
})

test('credentials are refreshed once for a call', async () => {
  const { upstream, layer, log } = await setUp([failed('credentials'), failed('credentials')])
  await assert.rejects(upstream.start(call, layer), upstreamError('credentials'))
  assert.deepEqual(log, ['start', 'budget', 'refresh', 'start'])
})

test('a refresh that was made is not repeated for another failure', async () => {
  const errors = [failed('credentials'), failed('unavailable')]
  const { upstream, layer, log } = await setUp(errors)
  await upstream.start(call, layer)
  assert.deepEqual(log, ['start', 'budget', 'refresh', 'start', 'sleep 400', 'budget', 'start'])
})

test('a refresh that cannot be made now is tried again before the call is', async () => {
  const refreshes = [failed('unavailable')]
  const { upstream, layer, log, events } = await setUp([failed('credentials')], {
    refreshCredentials: async () => {
      log.push('refresh')
      const error = refreshes.shift()
      if (error) throw error
    },
  })
  await upstream.start(call, layer)
  const expected = ['start', 'budget', 'refresh', 'sleep 400', 'budget', 'refresh', 'start']
  assert.deepEqual(log, expected)
  assert.deepEqual(refreshesIn(events), [refreshEvent('failed'), refreshEvent('refreshed')])
})

test('a refresh that is given up with its call is neither', async () => {
  const leaving = new AbortController()
  const { upstream, layer, events } = await setUp([failed('credentials')], {
    async refreshCredentials(signal) {
      leaving.abort(new Error('claim lost'))
      signal.throwIfAborted()
    },
  })
  await assert.rejects(upstream.start(callWith(leaving.signal), layer), /claim lost/)
  assert.deepEqual(refreshesIn(events), [])
})

test('a refresh that finds no credentials ends the call with what it found', async () => {
  const missing = failed('credentials')
  const { upstream, layer } = await setUp([failed('credentials')], {
    refreshCredentials: () => Promise.reject(missing),
  })
  await assert.rejects(upstream.start(call, layer), (error) => error === missing)
})

for (const failure of [
  'denied',
  'repository_unknown',
  'quota',
  'part_out_of_order',
  'upload_unknown',
  'invalid_layer',
  'references_unknown',
  'rejected',
] as const) {
  test(`a call that failed as ${failure} is not repeated`, async () => {
    const { upstream, layer, log, events } = await setUp([failed(failure)])
    await assert.rejects(upstream.sendPart(call, upload, layer, range), upstreamError(failure))
    assert.deepEqual(log, ['sendPart'])
    assert.deepEqual(events, [])
  })
}

test('what is not a failure of the upstream is not repeated', async () => {
  const { upstream, layer, log } = await setUp([new TypeError('a mistake')])
  await assert.rejects(upstream.sendPart(call, upload, layer, range), TypeError)
  assert.deepEqual(log, ['sendPart'])
})

test('a lost answer to complete is a success when the layer is there', async () => {
  const { upstream, layer, log, absent } = await setUp([failed('unavailable')])
  absent.clear()
  await upstream.complete(call, upload, layer)
  assert.deepEqual(log, ['complete', 'sleep 200', 'budget', 'absent'])
})

test('complete is repeated when the layer is not there', async () => {
  const { upstream, layer, log } = await setUp([failed('unavailable')])
  await upstream.complete(call, upload, layer)
  assert.deepEqual(log, ['complete', 'sleep 200', 'budget', 'absent', 'complete'])
})

/** The calls alone, without the waits between them. */
function callsIn(log: readonly string[]): string[] {
  return log.filter((entry) => entry === 'putManifest' || entry === 'tagDigest')
}

test('a lost PutImage is a success when the tag names the manifest', async () => {
  const { upstream, image, log, tags } = await setUp([failed('unavailable')])
  tags.set(latest, image.digest)
  await upstream.putManifest(call, image, latest)
  assert.deepEqual(log, ['putManifest', 'sleep 200', 'budget', 'tagDigest'])
})

test('a lost PutImage is repeated when the tag names something else, or nothing', async () => {
  for (const other of [true, false]) {
    const { upstream, image, layer, log, tags } = await setUp([failed('unavailable')])
    if (other) tags.set(latest, layer.digest)
    await upstream.putManifest(call, image, latest)
    assert.deepEqual(callsIn(log), ['putManifest', 'tagDigest', 'putManifest'])
  }
})

test('a PutImage that was never sent moved no tag, and is not made again at once', async () => {
  const facts = { operation: 'PutImage', exception: 'UpstreamPaused', message: 'Not now.' }
  const heldBack = new UpstreamError('unavailable', { ...facts, wasSent: false })
  const { upstream, image, log } = await setUp([heldBack])
  await assert.rejects(upstream.putManifest(call, image, latest), (error) => error === heldBack)
  assert.deepEqual(log, ['putManifest'])
})

test('once an answer was lost the tag is read before every repeat', async () => {
  const errors = [failed('unavailable'), failed('unavailable'), failed('throttled')]
  const { upstream, image, log } = await setUp(errors)
  await upstream.putManifest(call, image, latest)
  const reads = Array(3).fill('tagDigest')
  assert.deepEqual(callsIn(log), ['putManifest', ...reads, 'putManifest'])
})

for (const failure of ['throttled', 'credentials'] as const) {
  test(`a PutImage that was refused as ${failure} is repeated without a look at the tag`, async () => {
    const { upstream, image, log, tags } = await setUp([failed(failure)])
    tags.set(latest, image.digest)
    await upstream.putManifest(call, image, latest)
    assert.deepEqual(callsIn(log), ['putManifest', 'putManifest'])
  })
}

test('a lost PutImage without a tag is repeated without a look at one', async () => {
  const { upstream, image, log } = await setUp([failed('unavailable')])
  await upstream.putManifest(call, image)
  assert.deepEqual(callsIn(log), ['putManifest', 'putManifest'])
})

test('a tag that cannot be read is a failed attempt', async () => {
  const errors = Array.from({ length: 9 }, () => failed('unavailable'))
  const [first] = errors
  const { upstream, image, log } = await setUp(errors)
  await assert.rejects(upstream.putManifest(call, image, latest), (error) => error === first)
  assert.deepEqual(callsIn(log), ['putManifest', ...Array(7).fill('tagDigest')])
})

test('a lost PutImage that is refused at last stays one whose answer was lost', async () => {
  const lost = failed('unavailable')
  const { upstream, image, log } = await setUp([lost, failed('denied')])
  await assert.rejects(upstream.putManifest(call, image, latest), (error) => error === lost)
  assert.deepEqual(callsIn(log), ['putManifest', 'tagDigest'])
})

test('a lost PutImage that turned out not to have moved the tag is refused like any other', async () => {
  const refused = failed('rejected')
  const errors = [failed('unavailable')]
  const { upstream, image, log } = await setUp(errors, {
    async tagDigest() {
      log.push('tagDigest')
      errors.push(refused)
      return undefined
    },
  })
  await assert.rejects(upstream.putManifest(call, image, latest), (error) => error === refused)
  assert.deepEqual(callsIn(log), ['putManifest', 'tagDigest', 'putManifest'])
})

test('an abort during the wait ends the call at once, with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('claim lost')
  const { upstream, layer, log } = await setUp([failed('unavailable')], {
    sleep: async (_ms, signal) => {
      controller.abort(reason)
      signal.throwIfAborted()
    },
  })
  const started = upstream.start(callWith(controller.signal), layer)
  await assert.rejects(started, (error) => error === reason)
  assert.deepEqual(log, ['start'])
})

test('an abort during the call is not repeated', async () => {
  const reason = new Error('claim lost')
  const { upstream, layer, log, events } = await setUp([failed('unavailable')])
  const started = upstream.start(callWith(AbortSignal.abort(reason)), layer)
  await assert.rejects(started, (error) => error === reason)
  assert.deepEqual(log, ['start'])
  assert.deepEqual(events, [])
})
