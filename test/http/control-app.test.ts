import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { buildControlApp } from '../../src/http/control-app.ts'
import type { ForwardKey } from '../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { recordingObserver } from '../support/recording-observer.ts'

const never = new AbortController().signal
const denied = { code: 'upstream_credentials', detail: 'It may not.' } as const
const broken = {
  code: 'malformed_gzip',
  detail: 'The checksum of gzip member 1 is wrong.',
} as const

function keyOf(seed: number, { repository = 'team/app', registry = 'aws/default' } = {}) {
  const digest = digestOf(layerBytes(10, seed))
  return { registry, repository: parseRepositoryName(repository), digest }
}

/** The app over a journal in memory, at a time that the test moves. */
function setup(t: TestContext) {
  let nowMs = Date.parse('2026-01-01T00:00:00.000Z')
  const now = () => new Date(nowMs)
  const journal = createMemoryJournal({ now })
  const lines: string[] = []
  const logger = createLogger('debug', { write: (line) => void lines.push(line) })
  const observer = recordingObserver()
  const app = buildControlApp({ journal, observer, logger, now })
  t.after(() => app.close())

  async function answerOf(method: 'GET' | 'POST', url: string, payload?: object) {
    const answer = await app.inject({ method, url, ...(payload && { payload }) })
    return { status: answer.statusCode, type: answer.headers['content-type'], body: answer.json() }
  }
  return {
    journal,
    now,
    observer,
    logs: () => lines.map((line) => JSON.parse(line)),
    move(ms: number) {
      nowMs += ms
    },
    app,
    get: (url: string) => answerOf('GET', url),
    post: (url: string, payload: object) => answerOf('POST', url, payload),
    /** Records it, and has its first flight end as parked. */
    async park(key: ForwardKey, isForGood = false) {
      await journal.record(key, 'ci', 10)
      const claim = await journal.claim(never)
      if (isForGood) await claim.parkForGood(denied, 2)
      else await claim.park(denied, 2, new Date(nowMs + 600_000))
    },
    async stateOf(key: ForwardKey) {
      return (await journal.find(key))?.state
    },
  }
}

test('what is owed is listed with all that an operator must know, the oldest first', async (t) => {
  const { journal, get, park, move, now } = setup(t)
  await park(keyOf(1))
  move(1000)
  await journal.record(keyOf(2, { repository: 'team/other' }), 'builder', 20)
  move(1000)
  const { status, body } = await get('/v1/forwards')
  assert.equal(status, 200)
  assert.deepEqual(body, {
    at: now().toISOString(),
    forwards: [
      {
        ...keyOf(1),
        agent: 'ci',
        sizeBytes: 10,
        state: 'parked',
        attempts: 2,
        error: denied,
        dueAt: '2026-01-01T00:10:00.000Z',
        recordedAt: '2026-01-01T00:00:00.000Z',
        changedAt: '2026-01-01T00:00:00.000Z',
      },
      {
        ...keyOf(2, { repository: 'team/other' }),
        agent: 'builder',
        sizeBytes: 20,
        state: 'owed',
        attempts: 0,
        dueAt: '2026-01-01T00:00:01.000Z',
        recordedAt: '2026-01-01T00:00:01.000Z',
        changedAt: '2026-01-01T00:00:01.000Z',
      },
    ],
    hasMore: false,
    totals: {
      waiting: 1,
      parked: 1,
      parkedForGood: 0,
      held: 0,
      heldBytes: 0,
      backlogBytes: 30,
      owedBytes: 20,
      owedLayers: 1,
      oldestRecordedAt: '2026-01-01T00:00:01.000Z',
    },
  })
})

test('what was started upstream is listed with what is there already', async (t) => {
  const { journal, get } = setup(t)
  await journal.record(keyOf(1), 'ci', 100)
  const claim = await journal.claim(never)
  await claim.progress({ id: 'upload', partSizeBytes: 10, sentBytes: 40 })
  const [forward] = (await get('/v1/forwards')).body.forwards
  assert.equal(forward.state, 'forwarding')
  assert.equal(forward.sentBytes, 40)
  await claim.release()
})

test('what is held is listed with its why, and is no backlog', async (t) => {
  const { journal, get } = setup(t)
  await journal.record(keyOf(1), 'ci', 10, broken)
  const { body } = await get('/v1/forwards')
  assert.deepEqual(body.forwards, [
    {
      ...keyOf(1),
      agent: 'ci',
      sizeBytes: 10,
      state: 'held',
      attempts: 0,
      error: broken,
      recordedAt: '2026-01-01T00:00:00.000Z',
      changedAt: '2026-01-01T00:00:00.000Z',
    },
  ])
  assert.deepEqual(body.totals, {
    waiting: 0,
    parked: 0,
    parkedForGood: 0,
    held: 1,
    heldBytes: 10,
    backlogBytes: 0,
    owedBytes: 0,
    owedLayers: 0,
  })
})

test('what is paid is not listed', async (t) => {
  const { journal, get } = setup(t)
  await journal.record(keyOf(1), 'ci', 10)
  await (await journal.claim(never)).forwarded({ alreadyPresent: false, parts: 1, attempts: 1 })
  const { body } = await get('/v1/forwards')
  assert.deepEqual(body.forwards, [])
  assert.equal(body.totals.waiting, 0)
})

test('a list is as long as its limit, and says whether there is more', async (t) => {
  const { journal, get, move } = setup(t)
  for (const seed of [1, 2, 3]) {
    await journal.record(keyOf(seed), 'ci', 10)
    move(1)
  }
  const two = (await get('/v1/forwards?limit=2')).body
  assert.deepEqual(
    two.forwards.map(({ digest }: ForwardKey) => digest),
    [keyOf(1).digest, keyOf(2).digest],
  )
  assert.equal(two.hasMore, true)
  const three = (await get('/v1/forwards?limit=3')).body
  assert.equal(three.forwards.length, 3)
  assert.equal(three.hasMore, false)
})

for (const limit of ['0', '-1', '1.5', 'all', '', '10001', '1&limit=2']) {
  test(`limit=${limit} is refused`, async (t) => {
    const { status, type, body } = await setup(t).get(`/v1/forwards?limit=${limit}`)
    assert.equal(status, 400)
    assert.equal(type, 'application/problem+json')
    assert.equal(body.code, 'request_invalid')
    assert.match(body.detail, /from 1 to 10000/)
  })
}

test('a parked forward that is retried is owed anew, and told of', async (t) => {
  const { post, park, move, now, observer, stateOf } = setup(t)
  await park(keyOf(1))
  await park(keyOf(2))
  move(5000)
  const { repository, digest } = keyOf(1)
  const { status, body } = await post('/v1/forwards/retry', { repository, digest })
  assert.equal(status, 200)
  assert.equal(body.forwards.length, 1)
  const [forward] = body.forwards
  assert.equal(forward.digest, digest)
  assert.equal(forward.state, 'owed')
  assert.equal(forward.attempts, 0)
  assert.equal(forward.dueAt, now().toISOString())
  assert.equal('error' in forward, false)
  assert.equal(await stateOf(keyOf(2)), 'parked')
  assert.deepEqual(observer.events, [
    { type: 'forward_ordered', order: 'retry', ...keyOf(1), agent: 'ci', sizeBytes: 10 },
  ])
})

test('a held forward that is retried is owed, and it is told that it was held', async (t) => {
  const { journal, post, stateOf, observer } = setup(t)
  await journal.record(keyOf(1), 'ci', 10, broken)
  await journal.record(keyOf(2), 'ci', 10, broken)
  const { repository, digest } = keyOf(1)
  const { body } = await post('/v1/forwards/retry', { repository, digest })
  assert.equal(body.forwards.length, 1)
  const [forward] = body.forwards
  assert.equal(forward.state, 'owed')
  assert.equal(forward.wasHeld, true)
  assert.equal('error' in forward, false)
  assert.equal(await stateOf(keyOf(2)), 'held')
  assert.deepEqual(observer.events, [
    { type: 'forward_ordered', order: 'retry', ...keyOf(1), agent: 'ci', sizeBytes: 10 },
  ])
})

test('what was not held is not told to have been', async (t) => {
  const { post, park } = setup(t)
  await park(keyOf(1))
  const { repository, digest } = keyOf(1)
  const { body } = await post('/v1/forwards/retry', { repository, digest })
  assert.equal('wasHeld' in body.forwards[0], false)
})

test('a retry of everything leaves alone what is held', async (t) => {
  const { journal, post, park, stateOf } = setup(t)
  await journal.record(keyOf(1), 'ci', 10, broken)
  await park(keyOf(2))
  const { body } = await post('/v1/forwards/retry', { all: true })
  assert.deepEqual(
    body.forwards.map(({ digest }: ForwardKey) => digest),
    [keyOf(2).digest],
  )
  assert.equal(await stateOf(keyOf(1)), 'held')
})

test('a held forward that is dropped is gone', async (t) => {
  const { journal, post, stateOf } = setup(t)
  await journal.record(keyOf(1), 'ci', 10, broken)
  const { repository, digest } = keyOf(1)
  const { body } = await post('/v1/forwards/drop', { repository, digest })
  assert.equal(body.forwards[0].state, 'held')
  assert.deepEqual(body.forwards[0].error, broken)
  assert.equal('wasHeld' in body.forwards[0], false)
  assert.equal(await stateOf(keyOf(1)), undefined)
})

test('everything that is parked, for good or not, can be retried at once', async (t) => {
  const { journal, post, park, move, stateOf } = setup(t)
  await park(keyOf(1))
  await park(keyOf(2), true)
  await journal.record(keyOf(3), 'ci', 10)
  await (await journal.claim(never)).postpone(denied, 1, new Date(8e12))
  move(1000)
  const { body } = await post('/v1/forwards/retry', { all: true })
  assert.deepEqual(
    new Set(body.forwards.map(({ digest }: ForwardKey) => digest)),
    new Set([keyOf(1).digest, keyOf(2).digest]),
  )
  assert.equal(await stateOf(keyOf(1)), 'owed')
  assert.equal(await stateOf(keyOf(2)), 'owed')
  assert.equal((await journal.find(keyOf(3)))?.attempts, 1)
})

test('more than one batch of them is retried to the last one', async (t) => {
  const { post, park } = setup(t)
  const count = 1001
  for (let seed = 0; seed < count; seed += 1) await park(keyOf(seed))
  assert.equal((await post('/v1/forwards/retry', { all: true })).body.forwards.length, count)
})

test('nothing parked is nothing to retry', async (t) => {
  const { status, body } = await setup(t).post('/v1/forwards/retry', { all: true })
  assert.equal(status, 200)
  assert.deepEqual(body, { forwards: [] })
})

test('a debt that is dropped is gone, and whoever waits for it hears so', async (t) => {
  const { journal, post, stateOf, observer } = setup(t)
  await journal.record(keyOf(1), 'ci', 10)
  const waiter = journal.settled(keyOf(1), never)
  const rejected = assert.rejects(waiter, codeIs('forward_dropped'))
  const { repository, digest } = keyOf(1)
  const { status, body } = await post('/v1/forwards/drop', { repository, digest })
  assert.equal(status, 200)
  assert.equal(body.forwards[0].state, 'owed')
  await rejected
  assert.equal(await stateOf(keyOf(1)), undefined)
  assert.deepEqual(
    observer.of('forward_ordered').map(({ order, digest: which }) => [order, which]),
    [['drop', digest]],
  )
})

test('an order is about the named repository alone', async (t) => {
  const { journal, post, stateOf } = setup(t)
  const other = keyOf(1, { repository: 'team/other' })
  await journal.record(keyOf(1), 'ci', 10)
  await journal.record(other, 'ci', 10)
  const { repository, digest } = keyOf(1)
  await post('/v1/forwards/drop', { repository, digest })
  assert.equal(await stateOf(keyOf(1)), undefined)
  assert.equal(await stateOf(other), 'owed')
})

test('an order is about all registries, unless it names one', async (t) => {
  const { journal, post, stateOf } = setup(t)
  const keys = ['one', 'two', 'three'].map((registry) => keyOf(1, { registry }))
  for (const key of keys) await journal.record(key, 'ci', 10)
  const { repository, digest } = keyOf(1)
  await post('/v1/forwards/drop', { registry: 'two', repository, digest })
  assert.deepEqual(await Promise.all(keys.map(stateOf)), ['owed', undefined, 'owed'])
  const { body } = await post('/v1/forwards/drop', { repository, digest })
  assert.equal(body.forwards.length, 2)
  assert.deepEqual(await Promise.all(keys.map(stateOf)), [undefined, undefined, undefined])
})

for (const order of ['retry', 'drop']) {
  test(`to ${order} what is not owed is 404`, async (t) => {
    const { journal, post, stateOf } = setup(t)
    await journal.record(keyOf(1), 'ci', 10)
    await (await journal.claim(never)).forwarded({ alreadyPresent: false, parts: 1, attempts: 1 })
    for (const { repository, digest } of [keyOf(1), keyOf(2)]) {
      const { status, type, body } = await post(`/v1/forwards/${order}`, { repository, digest })
      assert.equal(status, 404)
      assert.equal(type, 'application/problem+json')
      assert.equal(body.code, 'layer_unknown')
      assert.equal(body.detail, `Nothing is owed of ${digest} to team/app.`)
    }
    assert.equal(await stateOf(keyOf(1)), 'forwarded')
  })
}

const { repository, digest } = keyOf(1)
for (const [what, body, code] of [
  ['everything', { all: true }, 'request_invalid'],
  ['no repository', { digest }, 'request_invalid'],
  ['no digest', { repository }, 'request_invalid'],
  ['a registry that is no text', { registry: 1, repository, digest }, 'request_invalid'],
  ['a member that is not known', { registri: 'x', repository, digest }, 'request_invalid'],
  ['a list', [{ repository, digest }], 'request_invalid'],
  ['a digest that is none', { repository, digest: 'sha256:00' }, 'digest_malformed'],
  ['a name that is none', { repository: 'A', digest }, 'repository_name_invalid'],
] as const) {
  test(`a drop of ${what} is refused`, async (t) => {
    const { journal, post, stateOf } = setup(t)
    await journal.record(keyOf(1), 'ci', 10)
    const answer = await post('/v1/forwards/drop', body)
    assert.equal(answer.status, 400)
    assert.equal(answer.body.code, code)
    assert.equal(await stateOf(keyOf(1)), 'owed')
  })
}

test('a retry of everything and one more thing is refused', async (t) => {
  const { post, park, stateOf } = setup(t)
  await park(keyOf(1))
  const answer = await post('/v1/forwards/retry', { all: true, repository, digest })
  assert.equal(answer.status, 400)
  assert.equal(await stateOf(keyOf(1)), 'parked')
})

for (const [what, type, payload, status, code] of [
  ['is not JSON', 'application/json', '{"all":', 400, 'request_invalid'],
  ['is empty', 'application/json', '', 400, 'request_invalid'],
  ['is too large', 'application/json', ' '.repeat(70_000), 413, 'body_too_large'],
  ['has another type', 'text/plain', '{"all":true}', 415, 'content_type_unsupported'],
] as const) {
  test(`a body that ${what} is answered ${status}`, async (t) => {
    const { app } = setup(t)
    const url = '/v1/forwards/retry'
    const headers = { 'content-type': type }
    const answer = await app.inject({ method: 'POST', url, headers, payload })
    assert.equal(answer.statusCode, status)
    assert.equal(answer.json().code, code)
  })
}

test('other paths and methods are unknown', async (t) => {
  const { get, app } = setup(t)
  for (const path of ['/', '/metrics', '/v1/layers', '/v1/forwards/retry']) {
    const { status, body } = await get(path)
    assert.equal(status, 404)
    assert.equal(body.code, 'route_unknown')
  }
  assert.equal((await app.inject({ method: 'DELETE', url: '/v1/forwards' })).statusCode, 404)
})

test('a journal that fails is answered 500, and the log has the cause', async (t) => {
  const { journal, get, logs } = setup(t)
  t.mock.method(journal, 'unpaid', async () => {
    throw new Error('The disk is gone.')
  })
  const { status, body } = await get('/v1/forwards')
  assert.equal(status, 500)
  assert.equal(body.code, 'internal')
  assert.ok(!JSON.stringify(body).includes('disk'))
  assert.equal(logs().at(-1).err.message, 'The disk is gone.')
})
