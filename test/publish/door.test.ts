import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CreateRepository } from '../../src/publish/create-repository.ts'
import { createDoor } from '../../src/publish/door.ts'
import type { Call } from '../../src/publish/upstream.ts'
import { UpstreamError, type UpstreamFailure } from '../../src/publish/upstream-error.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { codeIs } from '../support/code-is.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { callWith, failures, repository } from './setup.ts'

const digest = digestOf(layerBytes(10))
const minuteMs = 60_000

/** An upstream that is asked which layers are absent, and whose answers can be exchanged. */
function setUp(
  now: () => Date = () => new Date(0),
  createRepository: CreateRepository = () => assert.fail('no repository is created'),
) {
  const asked: [Call, readonly Digest[]][] = []
  const answers: { next: (call: Call) => Promise<ReadonlySet<Digest>> } = {
    next: () => Promise.resolve(new Set()),
  }
  const upstream = {
    absent(call: Call, digests: readonly Digest[]) {
      asked.push([call, digests])
      return answers.next(call)
    },
  }
  const fail = (failure: UpstreamFailure) => {
    answers.next = () => Promise.reject(upstreamError(failure))
  }
  return { asked, answers, fail, door: createDoor(upstream, now, createRepository) }
}

/** Answers nothing until its call is given up. */
function silence({ signal }: Call): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

test('a repository that takes layers is asked for the layer, and lets it in', async () => {
  const { door, asked } = setUp()
  await door.check(callWith(), digest)
  assert.equal(asked.length, 1)
  assert.deepEqual(asked[0]?.[1], [digest])
  assert.equal(asked[0]?.[0].repository, repository)
})

for (const [what, other] of [
  ['is another registry', { registry: 'aws/210987654321' }],
  ['is reached under another role', { role: { arn: 'arn:aws:iam::123456789012:role/other' } }],
] as const) {
  test(`a destination that ${what} since the policy was read anew is asked anew`, async () => {
    const { door, asked } = setUp()
    const call = callWith()
    await door.check(call, digest)
    await door.check({ ...call, destination: { ...call.destination, ...other } }, digest)
    assert.equal(asked.length, 2)
  })
}

test('whether the upstream has the layer or not is no matter at the door', async () => {
  const { door, answers } = setUp()
  answers.next = () => Promise.resolve(new Set([digest]))
  await door.check(callWith(), digest)
})

const refusals = {
  repository_unknown: 'repository_unknown',
  denied: 'upstream_credentials',
} as const

for (const failure of failures) {
  if (failure === 'repository_unknown' || failure === 'denied') {
    test(`${failure} is a definite no`, async () => {
      const { door, fail } = setUp()
      fail(failure)
      await assert.rejects(
        door.check(callWith(), digest),
        (error) =>
          error instanceof LayergateError &&
          error.code === refusals[failure] &&
          error.cause instanceof UpstreamError,
      )
    })

    test(`${failure} is never remembered: whoever mends it can push at once`, async () => {
      const { door, asked, answers, fail } = setUp()
      fail(failure)
      await assert.rejects(door.check(callWith(), digest))
      answers.next = () => Promise.resolve(new Set())
      await door.check(callWith(), digest)
      assert.equal(asked.length, 2)
    })
  } else if (failure === 'unavailable' || failure === 'throttled') {
    test(`${failure} lets the layer in, and all that come within 5 s without asking again`, async (t) => {
      const clock = manualClock(t)
      const { door, asked, fail } = setUp(clock.now)
      fail(failure)
      await door.check(callWith(), digest)
      clock.advance(4999)
      await door.check({ ...callWith(), repository: parseRepositoryName('team/other') }, digest)
      assert.equal(asked.length, 1)

      clock.advance(1)
      await door.check(callWith(), digest)
      assert.equal(asked.length, 2)
    })
  } else {
    test(`${failure} lets the layer in, and is asked again for the next one`, async () => {
      const { door, asked, fail } = setUp()
      fail(failure)
      await door.check(callWith(), digest)
      await door.check(callWith(), digest)
      assert.equal(asked.length, 2)
    })
  }
}

test('an outage of one destination is none of another', async () => {
  const { door, asked, fail } = setUp()
  fail('unavailable')
  await door.check(callWith(), digest)
  fail('repository_unknown')
  const elsewhere = { name: 'elsewhere', registry: 'elsewhere' }
  await assert.rejects(
    door.check({ ...callWith(), destination: elsewhere }, digest),
    codeIs('repository_unknown'),
  )
  assert.equal(asked.length, 2)
})

test('after an outage a definite no refuses again', async (t) => {
  const clock = manualClock(t)
  const { door, fail } = setUp(clock.now)
  fail('unavailable')
  await door.check(callWith(), digest)
  fail('repository_unknown')
  clock.advance(5000)
  await assert.rejects(door.check(callWith(), digest), codeIs('repository_unknown'))
})

test('an upstream that does not answer within 2 s lets the layer in, and its call is given up', async (t) => {
  const clock = manualClock(t)
  const { door, asked, answers } = setUp(clock.now)
  answers.next = silence
  const checked = door.check(callWith(), digest)
  clock.advance(1999)
  assert.equal(asked[0]?.[0].signal.aborted, false)
  clock.advance(1)
  await checked
  assert.equal(asked[0]?.[0].signal.aborted, true)
})

test('after a silence of 2 s nobody waits again for 5 s', async (t) => {
  const clock = manualClock(t)
  const { door, asked, answers } = setUp(clock.now)
  answers.next = silence
  const checked = door.check(callWith(), digest)
  clock.advance(2000)
  await checked
  clock.advance(4999)
  await door.check({ ...callWith(), repository: parseRepositoryName('team/other') }, digest)
  assert.equal(asked.length, 1)

  clock.advance(1)
  const later = door.check(callWith(), digest)
  assert.equal(asked.length, 2)
  clock.advance(2000)
  await later
})

for (const error of [
  new TypeError('a bug'),
  new LayergateError('spool_damaged', 'Damaged.'),
  new DOMException('Timed out.', 'TimeoutError'),
]) {
  test(`${error.name} is no answer of the upstream: it lets nobody in, and is not remembered`, async () => {
    const { door, asked, answers } = setUp()
    answers.next = () => Promise.reject(error)
    await assert.rejects(door.check(callWith(), digest), error)
    await assert.rejects(door.check(callWith(), digest), error)
    assert.equal(asked.length, 2)
  })
}

test('a mistake that shows only after 2 s lets nobody in either', async (t) => {
  const clock = manualClock(t)
  const { door, answers } = setUp(clock.now)
  const mistake = new TypeError('a bug')
  answers.next = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(mistake))
    })
  const checked = door.check(callWith(), digest)
  clock.advance(2000)
  await assert.rejects(checked, mistake)
})

test('a yes is remembered for 5 minutes, for this repository of this destination alone', async (t) => {
  const clock = manualClock(t)
  const { door, asked } = setUp(clock.now)
  await door.check(callWith(), digest)
  clock.advance(5 * minuteMs - 1)
  await door.check(callWith(), digestOf(layerBytes(10, 2)))
  assert.equal(asked.length, 1)

  await door.check({ ...callWith(), repository: parseRepositoryName('team/other') }, digest)
  await door.check(
    { ...callWith(), destination: { name: 'elsewhere', registry: 'elsewhere' } },
    digest,
  )
  assert.equal(asked.length, 3)

  clock.advance(1)
  await door.check(callWith(), digest)
  assert.equal(asked.length, 4)
})

test('of more than 1000 repositories the older answers are forgotten, never mixed up', async () => {
  const { door, asked } = setUp()
  const calls = Array.from({ length: 1001 }, (_, index) => ({
    ...callWith(),
    repository: parseRepositoryName(`team/app-${index}`),
  }))
  for (const call of calls) await door.check(call, digest)
  assert.equal(asked.length, 1001)
  for (const call of calls.slice(-1)) await door.check(call, digest)
  assert.equal(asked.length, 1001)
  for (const call of calls.slice(0, 1)) await door.check(call, digest)
  assert.equal(asked.length, 1002)
})

test('an abort ends the check with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('the client left')
  const { door, answers } = setUp()
  answers.next = silence
  const checked = door.check(callWith(controller.signal), digest)
  controller.abort(reason)
  await assert.rejects(checked, reason)
})
