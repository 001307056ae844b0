import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UpstreamFailure } from '../../../src/publish/upstream-error.ts'
import { LayergateError } from '../../../src/registry/errors.ts'
import { codeIs } from '../../support/code-is.ts'
import {
  type Faults,
  loseAnswer,
  refuse,
  scripted,
  upstreamError,
} from '../../support/fake-upstream.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { failures } from '../setup.ts'
import { settings, setUpManifests, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const { manifestWaitMs, pauseMs } = settings
const patient = { waitMs: 2 * manifestWaitMs }
const passing: readonly UpstreamFailure[] = ['unavailable', 'throttled']

function isPending(error: unknown): boolean {
  return (
    codeIs('layers_pending')(error) &&
    error instanceof LayergateError &&
    error.facts.retryAfterSeconds === 30
  )
}

for (const failure of passing) {
  for (const operation of ['absent', 'putManifest'] as const) {
    test(`${operation} is repeated after a pause while it is ${failure}`, async (t) => {
      const faults = scripted({ [operation]: [refuse(failure), refuse(failure)] })
      const { clock, put, store, tag, upstream } = setUpManifests(t, { faults })
      const image = imageOf(await store())
      const end = watch(put(image, patient))
      await nextTurn()
      const callsBefore = upstream.calls.length
      clock.advance(pauseMs - 1)
      await nextTurn()
      assert.deepEqual([end.now(), upstream.calls.length], ['waiting', callsBefore])
      clock.advance(1)
      await nextTurn()
      clock.advance(pauseMs)
      await nextTurn()
      assert.deepEqual(end.now(), published)
      assert.equal(tag(), image.digest)
    })
  }
}

for (const failure of failures.filter((each) => !passing.includes(each))) {
  test(`a question that is answered with ${failure} ends the put at once`, async (t) => {
    const { put, store, puttings } = setUpManifests(t, {
      faults: scripted({ absent: [refuse(failure)] }),
    })
    await assert.rejects(put(imageOf(await store())), LayergateError)
    assert.deepEqual(puttings(), [])
  })
}

for (const [failure, code, outcome] of [
  ['repository_unknown', 'repository_unknown', 'refused'],
  ['quota', 'upstream_quota', 'refused'],
  ['denied', 'upstream_credentials', 'failed'],
  ['rejected', 'upstream_rejected', 'failed'],
] as const) {
  test(`a manifest that is answered with ${failure} is ${outcome}, with AWS's words`, async (t) => {
    const { put, store, puttings, ends, forgotten } = setUpManifests(t, {
      faults: scripted({ putManifest: [refuse(failure, { message: 'No more.' })] }),
    })
    await assert.rejects(
      put(imageOf(await store())),
      (error) => codeIs(code)(error) && /No more\./.test(String(error)),
    )
    assert.deepEqual([puttings(), ends(), forgotten], [['put latest'], [outcome], []])
  })
}

test('what AWS calls an invalid parameter of a manifest is the manifest that is at fault', async (t) => {
  const facts = { exception: 'InvalidParameterException', message: 'Too many layers.' }
  const { put, store, ends } = setUpManifests(t, {
    faults: scripted({ putManifest: [refuse('rejected', facts)] }),
  })
  await assert.rejects(
    put(imageOf(await store())),
    (error) => codeIs('manifest_invalid')(error) && /Too many layers\./.test(String(error)),
  )
  assert.deepEqual(ends(), ['refused'])
})

test('a manifest without tags is put again too', async (t) => {
  const faults = scripted({ putManifest: [refuse('unavailable')] })
  const { clock, put, store, puttings } = setUpManifests(t, { faults })
  const answer = put(imageOf(await store()), { ...patient, tags: [] })
  await nextTurn()
  clock.advance(pauseMs)
  assert.deepEqual(await answer, published)
  assert.deepEqual(puttings(), ['put by digest', 'put by digest'])
})

test('a manifest whose answer was lost is put again, and is there once', async (t) => {
  const faults = scripted({ putManifest: [loseAnswer('unavailable')] })
  const { clock, put, store, tag, ends } = setUpManifests(t, { faults })
  const image = imageOf(await store())
  const answer = put(image, patient)
  await nextTurn()
  clock.advance(pauseMs)
  assert.deepEqual(await answer, published)
  assert.equal(tag(), image.digest)
  assert.deepEqual(ends(), ['published'])
})

test('a PutImage that was never sent is put later, without a look at the tag', async (t) => {
  const faults = scripted({ putManifest: [refuse('unavailable', { wasSent: false })] })
  const { clock, put, store, tag } = setUpManifests(t, {
    faults,
    readTag: async () => assert.fail('the tag cannot have moved'),
  })
  const image = imageOf(await store())
  const answer = put(image, patient)
  await nextTurn()
  clock.advance(pauseMs)
  assert.deepEqual(await answer, published)
  assert.equal(tag(), image.digest)
})

test('a PutImage whose answer was lost is settled by reading the tag after the pause', async (t) => {
  const faults = scripted({ putManifest: [loseAnswer('unavailable')] })
  const { clock, put, store, tag, puttings, ends } = setUpManifests(t, { faults })
  const image = imageOf(await store())
  const answer = put(image, patient)
  await nextTurn()
  clock.advance(pauseMs)
  assert.deepEqual(await answer, published)
  assert.equal(tag(), image.digest)
  assert.deepEqual([puttings(), ends()], [['put latest'], ['published']])
})

test('while the tag cannot be read a lost PutImage is not repeated', async (t) => {
  const reads = [upstreamError('unavailable'), upstreamError('throttled')]
  const { clock, put, store, tag, puttings } = setUpManifests(t, {
    faults: scripted({ putManifest: [refuse('unavailable')] }),
    async readTag() {
      const error = reads.shift()
      if (error) throw error
      return undefined
    },
  })
  const image = imageOf(await store())
  const end = watch(put(image, patient))
  for (const errorsLeft of [2, 1, 0]) {
    await nextTurn()
    assert.deepEqual([reads.length, puttings().length, end.now()], [errorsLeft, 1, 'waiting'])
    clock.advance(pauseMs)
  }
  await nextTurn()
  assert.deepEqual(end.now(), published)
  assert.equal(tag(), image.digest)
  assert.equal(puttings().length, 2)
})

test('a manifest that rests holds up no newer one, and does not move its tag back', async (t) => {
  const faults = scripted({ putManifest: [refuse('unavailable')] })
  const { clock, put, store, tag, ends } = setUpManifests(t, { faults })
  const [older, newer] = [imageOf(await store()), imageOf(await store())]
  const answer = put(older, patient)
  await nextTurn()
  assert.deepEqual(await put(newer), published)
  clock.advance(pauseMs)
  assert.deepEqual(await answer, published)
  assert.equal(tag(), newer.digest)
  assert.deepEqual(ends(), ['published', 'superseded'])
})

test('the wait for layers ends after its time, and they stay owed', async (t) => {
  const { clock, put, push, forward, stateOf, ends, puttings } = setUpManifests(t)
  const layer = await push()
  const end = watch(put(imageOf(layer), patient))
  await nextTurn()
  clock.advance(manifestWaitMs - 1)
  await nextTurn()
  assert.equal(end.now(), 'waiting')
  clock.advance(1)
  await nextTurn()
  assert.ok(isPending(end.now()))
  assert.equal(await stateOf(layer), 'owed')
  await forward(layer)
  assert.deepEqual([ends(), puttings()], [['failed'], []])
})

/** AWS is away. */
const down: Faults = () => refuse('unavailable')

test('while AWS is down a manifest waits, and no longer than its time', async (t) => {
  const { clock, put, store, ends, upstream } = setUpManifests(t, { faults: down })
  const end = watch(put(imageOf(await store()), patient))
  await nextTurn()
  for (let passedMs = pauseMs; passedMs < manifestWaitMs; passedMs += pauseMs) {
    clock.advance(pauseMs)
    await nextTurn()
    assert.equal(end.now(), 'waiting')
  }
  clock.advance(pauseMs)
  await nextTurn()
  assert.ok(isPending(end.now()))
  assert.equal(upstream.calls.length, manifestWaitMs / pauseMs)
  assert.deepEqual(ends(), ['failed'])
})

test('a manifest that AWS does not take in time is layers_pending, with what AWS said', async (t) => {
  const { clock, put, store, ends } = setUpManifests(t, {
    faults: (operation) => (operation === 'putManifest' ? refuse('unavailable') : undefined),
  })
  const end = watch(put(imageOf(await store()), patient))
  for (let passedMs = 0; passedMs < manifestWaitMs; passedMs += pauseMs) {
    await nextTurn()
    assert.equal(end.now(), 'waiting')
    clock.advance(pauseMs)
  }
  await nextTurn()
  assert.ok(codeIs('layers_pending')(end.now()))
  assert.match(String(end.now()), /unavailableException/)
  assert.deepEqual(ends(), ['failed'])
})

test('a mistake of ours ends a put as internal, and is told to the observer alone', async (t) => {
  const mistake = new TypeError('a bug')
  const { put, store, observer } = setUpManifests(t, {
    faults: scripted({
      putManifest: [
        {
          before() {
            throw mistake
          },
        },
      ],
    }),
  })
  await assert.rejects(
    put(imageOf(await store())),
    (error) => codeIs('internal')(error) && !/a bug/.test(String(error)),
  )
  const [event] = observer.of('manifest_ended')
  assert.deepEqual([event?.outcome, event?.error, event?.thrown], ['failed', 'internal', mistake])
})
