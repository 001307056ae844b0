import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDoor } from '../../src/publish/door.ts'
import type { Call } from '../../src/publish/upstream.ts'
import type { UpstreamFailure } from '../../src/publish/upstream-error.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { codeIs } from '../support/code-is.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'
import { callWith, failures } from './setup.ts'

const digest = digestOf(layerBytes(10))

function creating(signal?: AbortSignal): Call {
  const call = callWith(signal)
  return { ...call, destination: { ...call.destination, createRepositories: true } }
}

/** A door to a repository that is missing, until it is created. */
function setUp(now: () => Date = () => new Date(0)) {
  const asked: Call[] = []
  const created: Call[] = []
  let isThere = false
  const answers = {
    absent: (): Promise<ReadonlySet<never>> =>
      isThere ? Promise.resolve(new Set()) : Promise.reject(upstreamError('repository_unknown')),
    create: async (_call: Call) => void (isThere = true),
  }
  const upstream = {
    absent(call: Call) {
      asked.push(call)
      return answers.absent()
    },
  }
  const door = createDoor(upstream, now, (call) => {
    created.push(call)
    return answers.create(call)
  })
  return { asked, created, answers, door }
}

test('a missing repository is created where the destination says so, and the layer let in', async () => {
  const { door, asked, created } = setUp()
  await door.check(creating(), digest)
  assert.deepEqual([asked.length, created.length], [1, 1])
  assert.equal(created[0]?.repository, 'team/app')
})

test('that it was created is remembered like a yes', async () => {
  const { door, asked, created } = setUp()
  await door.check(creating(), digest)
  await door.check(creating(), digest)
  assert.deepEqual([asked.length, created.length], [1, 1])
})

test('where the destination does not say so, nothing is created', async () => {
  const { door, created } = setUp()
  await assert.rejects(door.check(callWith(), digest), codeIs('repository_unknown'))
  assert.deepEqual(created, [])
})

for (const failure of failures.filter((each) => each !== 'repository_unknown')) {
  test(`${failure} at the question creates nothing`, async () => {
    const { door, answers, created } = setUp()
    answers.absent = () => Promise.reject(upstreamError(failure))
    await door.check(creating(), digest).catch(() => undefined)
    assert.deepEqual(created, [])
  })
}

const refusals: Partial<Record<UpstreamFailure, string>> = {
  quota: 'upstream_quota',
  rejected: 'upstream_rejected',
  repository_unknown: 'repository_unknown',
}

for (const failure of failures.filter((each) => each !== 'denied')) {
  const code = refusals[failure]
  test(`${failure} at the creation ${code ? `is answered ${code}` : 'lets the layer in'}`, async () => {
    const { door, answers } = setUp()
    answers.create = () => Promise.reject(upstreamError(failure))
    const checked = door.check(creating(), digest)
    if (code)
      await assert.rejects(
        checked,
        (error) => error instanceof LayergateError && error.code === code,
      )
    else await checked
  })
}

test('what creation is refused for is answered as it is', async () => {
  const { door, answers } = setUp()
  const refusal = new LayergateError('upstream_credentials', 'It may not.')
  answers.create = () => Promise.reject(refusal)
  await assert.rejects(door.check(creating(), digest), refusal)
})

test('after an outage at the creation nobody asks for 5 s, and then it is tried again', async (t) => {
  const clock = manualClock(t)
  const { door, answers, asked, created } = setUp(clock.now)
  answers.create = () => Promise.reject(upstreamError('unavailable'))
  await door.check(creating(), digest)
  await door.check(creating(), digest)
  assert.deepEqual([asked.length, created.length], [1, 1])
  clock.advance(5000)
  await door.check(creating(), digest)
  assert.deepEqual([asked.length, created.length], [2, 2])
})

test('a creation that is not answered within 10 s lets the layer in, and is given up', async (t) => {
  const clock = manualClock(t)
  const { door, answers, created } = setUp(clock.now)
  answers.create = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const checked = door.check(creating(), digest)
  await nextTurn()
  clock.advance(9999)
  assert.equal(created[0]?.signal.aborted, false)
  clock.advance(1)
  await checked
  assert.equal(created[0].signal.aborted, true)
})

test('who leaves during the creation hears the own reason', async () => {
  const { door, answers } = setUp()
  answers.create = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const leaving = new AbortController()
  const checked = door.check(creating(leaving.signal), digest)
  await nextTurn()
  const reason = new Error('the client left')
  leaving.abort(reason)
  await assert.rejects(checked, reason)
})
