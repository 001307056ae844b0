import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRepositoryCreation } from '../../src/publish/create-repository.ts'
import type { Call } from '../../src/publish/upstream.ts'
import { hasCode } from '../../src/registry/errors.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { nextTurn } from '../support/next-turn.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { callWith, failures, repository } from './setup.ts'

interface Pending {
  readonly call: Call
  readonly resolve: (outcome: 'created' | 'existed') => void
  readonly reject: (error: Error) => void
}

/** An upstream that creates a repository when it is told to. */
function setUp() {
  const pending: Pending[] = []
  const observer = recordingObserver()
  const upstream = {
    createRepository(call: Call) {
      const { promise, resolve, reject } = Promise.withResolvers<'created' | 'existed'>()
      call.signal.addEventListener('abort', () => reject(call.signal.reason))
      pending.push({ call, resolve, reject })
      return promise
    },
  }
  return { pending, observer, create: createRepositoryCreation(upstream, observer) }
}

test('who asks has it created, and it is told once that it was', async () => {
  const { pending, observer, create } = setUp()
  const created = create(callWith())
  assert.equal(pending[0]?.call.repository, repository)
  assert.deepEqual(observer.events, [])
  pending[0].resolve('created')
  await created
  assert.deepEqual(observer.events, [
    { type: 'repository_created', destination: 'default', repository, agent: 'ci' },
  ])
})

test('a repository that was there already is not told of', async () => {
  const { pending, observer, create } = setUp()
  const asked = create(callWith())
  pending[0]?.resolve('existed')
  await asked
  assert.deepEqual(observer.events, [])
})

test('all who ask meanwhile wait for one call, and hear of its end', async () => {
  const { pending, observer, create } = setUp()
  const all = [create(callWith()), create({ ...callWith(), agent: 'another' }), create(callWith())]
  assert.equal(pending.length, 1)
  pending[0]?.resolve('created')
  await Promise.all(all)
  assert.equal(observer.events.length, 1)
})

test('all who ask meanwhile hear of its failure, and the next try is a new one', async () => {
  const { pending, observer, create } = setUp()
  const all = [create(callWith()), create(callWith())]
  const error = upstreamError('unavailable')
  pending[0]?.reject(error)
  for (const each of all) await assert.rejects(each, error)
  assert.deepEqual(observer.events, [])
  void create(callWith())
  assert.equal(pending.length, 2)
})

test('another repository, and the same name at another destination, are others', async () => {
  const { pending, create } = setUp()
  const elsewhere = { name: 'elsewhere', registry: 'elsewhere' }
  const calls: Call[] = [
    callWith(),
    { ...callWith(), repository: parseRepositoryName('team/other') },
    { ...callWith(), destination: elsewhere },
  ]
  const all = calls.map(create)
  assert.equal(pending.length, 3)
  for (const { resolve } of pending) resolve('created')
  await Promise.all(all)
})

test('who leaves leaves alone; when all have left the call is given up', async () => {
  const { pending, create } = setUp()
  const [one, other] = [new AbortController(), new AbortController()]
  const all = [create(callWith(one.signal)), create(callWith(other.signal))]
  const reason = new Error('the client left')
  one.abort(reason)
  await assert.rejects(all[0] ?? assert.fail(), reason)
  assert.equal(pending[0]?.call.signal.aborted, false)
  other.abort(reason)
  await assert.rejects(all[1] ?? assert.fail(), reason)
  assert.equal(pending[0].call.signal.aborted, true)
})

test('who comes when all others have left does not join what is given up', async () => {
  const { pending, create } = setUp()
  const leaving = new AbortController()
  const left = create(callWith(leaving.signal))
  leaving.abort(new Error('the client left'))
  await assert.rejects(left)
  const created = create(callWith())
  assert.equal(pending.length, 2)
  await nextTurn()
  const joined = create(callWith())
  assert.equal(pending.length, 2)
  pending[1]?.resolve('created')
  await Promise.all([created, joined])
})

test('who has left before asks for nothing', async () => {
  const { pending, create } = setUp()
  const reason = new Error('the client left')
  await assert.rejects(create(callWith(AbortSignal.abort(reason))), reason)
  assert.deepEqual(pending, [])
})

test('an identity that may not create is told which permission it lacks', async () => {
  const { pending, create } = setUp()
  const created = create(callWith())
  pending[0]?.reject(upstreamError('denied', { message: 'Not you.', requestId: 'request-7' }))
  await assert.rejects(created, (error) => {
    assert.ok(hasCode(error, 'upstream_credentials'))
    const parts = ['team/app', 'ecr-public:CreateRepository', 'Not you.', 'request-7']
    for (const part of parts) assert.ok(error.message.includes(part), part)
    return true
  })
})

for (const failure of failures.filter((each) => each !== 'denied')) {
  test(`${failure} is thrown as it is`, async () => {
    const { pending, create } = setUp()
    const created = create(callWith())
    const error = upstreamError(failure)
    pending[0]?.reject(error)
    await assert.rejects(created, error)
  })
}
