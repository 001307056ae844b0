import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { type TestContext, test } from 'node:test'
import { createPaceQueue } from '../../../src/publish/pace/pace-queue.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'

/** A queue whose rules a test sets, and the bodies that stand in it. */
function openQueue(t: TestContext) {
  const clock = manualClock(t)
  const rules = {
    mayBegin: true,
    mayPassInFront: false,
    mayPassBehind: false,
    isFrontTooSlow: false,
  }
  const passed: string[] = []
  let passedBytes = 0
  let began = 0
  let seconds = 0
  const queue = createPaceQueue({
    mayBegin: () => rules.mayBegin,
    mayGoOn: (isInFront) => (isInFront ? rules.mayPassInFront : rules.mayPassBehind),
    onPass: (bytes, isFirst) => {
      passedBytes += bytes
      if (isFirst) began += 1
    },
    onSecond: () => (seconds += 1),
    isFrontTooSlow: () => rules.isFrontTooSlow,
    now: () => clock.now().getTime(),
  })

  function body(name: string) {
    const client = new AbortController()
    let hasBegun = false
    return {
      client,
      async send(bytes = 1): Promise<void> {
        await queue.enter(bytes, client.signal, !hasBegun)
        hasBegun = true
        passed.push(name)
      },
    }
  }

  return {
    clock,
    rules,
    queue,
    body,
    passed,
    bytes: () => passedBytes,
    began: () => began,
    seconds: () => seconds,
  }
}

/** One that had its first chunk and waits with the next. */
async function waitingBody({ body, passed }: ReturnType<typeof openQueue>, name: string) {
  const opened = body(name)
  await opened.send()
  const next = opened.send()
  passed.length = 0
  return { ...opened, next }
}

test('the first chunk of a body passes, the next one waits', async (t) => {
  const { body, passed, bytes } = openQueue(t)
  const layer = body('layer')
  await layer.send(5)
  void layer.send(7)
  await nextTurn()
  assert.deepEqual([passed, bytes()], [['layer'], 5])
})

test('who may pass does not wait', async (t) => {
  const { body, rules, passed, clock } = openQueue(t)
  rules.mayPassBehind = true
  const layer = body('layer')
  for (let chunk = 0; chunk < 3; chunk += 1) await layer.send()
  assert.deepEqual([passed.length, clock.pendingTimers], [3, 0])
})

test('those who wait are served in the order in which they came', async (t) => {
  const opened = openQueue(t)
  for (const name of ['first', 'second', 'third']) await waitingBody(opened, name)
  opened.rules.mayPassBehind = true
  opened.queue.serve()
  await nextTurn()
  assert.deepEqual(opened.passed, ['first', 'second', 'third'])
  assert.equal(opened.clock.pendingTimers, 0)
})

test('serving stops where the rules do', async (t) => {
  const opened = openQueue(t)
  for (const name of ['first', 'second']) await waitingBody(opened, name)
  const before = opened.bytes()
  Object.defineProperty(opened.rules, 'mayPassBehind', { get: () => opened.bytes() === before })
  opened.queue.serve()
  await nextTurn()
  assert.deepEqual(opened.passed, ['first'])
})

test('every body gets a chunk through within 10 s, and no more than that', async (t) => {
  const opened = openQueue(t)
  const bodies = [await waitingBody(opened, 'one')]
  opened.clock.advance(4_000)
  bodies.push(await waitingBody(opened, 'other'))
  const passes: string[] = []
  for (let second = 5; second <= 14; second += 1) {
    opened.clock.advance(1_000)
    await nextTurn()
    passes.push(...opened.passed.splice(0).map((name) => `${name} at ${second}`))
  }
  assert.deepEqual(passes, ['one at 10', 'other at 14'])
})

/** Three that wait with their second chunk, of whom nobody is in front yet: `look` brings the oldest there. */
async function threeWaiting(t: TestContext) {
  const opened = openQueue(t)
  const oldest = await waitingBody(opened, 'oldest')
  const second = await waitingBody(opened, 'second')
  await waitingBody(opened, 'third')
  opened.clock.advance(1)
  opened.rules.mayPassInFront = true
  async function look(): Promise<void> {
    opened.rules.isFrontTooSlow = true
    opened.clock.advance(1_000)
    opened.rules.isFrontTooSlow = false
    await nextTurn()
  }
  async function end({ client }: typeof oldest): Promise<void> {
    opened.queue.end(client.signal)
    await nextTurn()
  }
  return { oldest, second, look, end, passed: opened.passed }
}

test('when a body in front has come, the oldest behind it is in front at once', async (t) => {
  const { oldest, look, end, passed } = await threeWaiting(t)
  await look()
  assert.deepEqual(passed, ['oldest'])
  await end(oldest)
  assert.deepEqual(passed, ['oldest', 'second'])
})

test('when a body has come that was not in front, nobody takes its place', async (t) => {
  const { second, look, end, passed } = await threeWaiting(t)
  await end(second)
  assert.deepEqual(passed, [], 'nobody was in front')
  await look()
  await end(second)
  assert.deepEqual(passed, ['oldest'])
})

test('when the front is too slow the oldest who waits joins it', async (t) => {
  const opened = openQueue(t)
  const oldest = await waitingBody(opened, 'oldest')
  await waitingBody(opened, 'younger')
  opened.clock.advance(1)
  opened.rules.mayPassInFront = true
  opened.queue.serve()
  await nextTurn()
  assert.deepEqual(opened.passed, [])

  opened.rules.isFrontTooSlow = true
  opened.clock.advance(1_000)
  opened.rules.isFrontTooSlow = false
  await nextTurn()
  assert.deepEqual(opened.passed, ['oldest'])
  for (let chunk = 0; chunk < 3; chunk += 1) await oldest.send()
  opened.clock.advance(3_000)
  await nextTurn()
  assert.deepEqual(
    opened.passed,
    Array.from({ length: 4 }, () => 'oldest'),
  )
})

test('chunks that come and go do not put off the look at the front', async (t) => {
  const opened = openQueue(t)
  const { rules, queue, clock, passed } = opened
  const body = await waitingBody(opened, 'body')
  clock.advance(0)
  rules.isFrontTooSlow = true
  rules.mayPassInFront = true
  let next = body.next
  for (let ms = 0; ms < 1_000; ms += 100) {
    rules.mayPassBehind = true
    queue.serve()
    await next
    rules.mayPassBehind = false
    next = body.send()
    clock.advance(100)
  }
  passed.length = 0
  await next
  await body.send()
  assert.deepEqual(passed, ['body', 'body'])
})

test('an abort ends a wait with its reason, and leaves nothing behind', async (t) => {
  const opened = openQueue(t)
  const { client, next } = await waitingBody(opened, 'left')
  const reason = new Error('the client left')
  client.abort(reason)
  await assert.rejects(next, reason)
  assert.deepEqual([opened.passed, opened.bytes(), opened.clock.pendingTimers], [[], 1, 0])
})

test('who has passed listens to its signal no more', async (t) => {
  const opened = openQueue(t)
  const { client, next } = await waitingBody(opened, 'layer')
  assert.equal(getEventListeners(client.signal, 'abort').length, 1)
  opened.rules.mayPassBehind = true
  opened.queue.serve()
  await next
  assert.deepEqual(getEventListeners(client.signal, 'abort'), [])
})

test('a body that may not begin waits for its first chunk, up to 10 s', async (t) => {
  const opened = openQueue(t)
  const { clock, rules, passed } = opened
  rules.mayBegin = false
  void opened.body('layer').send()
  clock.advance(9_999)
  await nextTurn()
  assert.deepEqual(passed, [])
  clock.advance(1)
  await nextTurn()
  assert.deepEqual([passed, opened.began(), clock.pendingTimers], [['layer'], 1, 0])
})

test('bodies begin in the order in which they came, as many as the rules let', async (t) => {
  const opened = openQueue(t)
  opened.rules.mayBegin = false
  for (const name of ['first', 'second', 'third']) void opened.body(name).send()
  await nextTurn()
  Object.defineProperty(opened.rules, 'mayBegin', { get: () => opened.began() < 2 })
  opened.queue.serve()
  await nextTurn()
  assert.deepEqual([opened.passed, opened.began()], [['first', 'second'], 2])
})

test('a body that has begun does not begin again', async (t) => {
  const opened = openQueue(t)
  opened.rules.mayPassBehind = true
  const layer = opened.body('layer')
  await layer.send()
  opened.rules.mayBegin = false
  await layer.send()
  assert.deepEqual([opened.passed.length, opened.began()], [2, 1])
})

test('one that has not begun does not come in front', async (t) => {
  const opened = openQueue(t)
  const { clock, rules, passed } = opened
  rules.mayBegin = false
  void opened.body('not begun').send()
  clock.advance(1)
  await nextTurn()
  rules.mayBegin = true
  const begun = await waitingBody(opened, 'begun')
  rules.mayBegin = false
  passed.length = 0
  rules.isFrontTooSlow = true
  rules.mayPassInFront = true
  void opened.body('younger').send()
  clock.advance(1_000)
  await begun.next
  assert.deepEqual(passed, ['begun'])
})

test('while nobody has begun who waits, nobody comes in front', async (t) => {
  const opened = openQueue(t)
  const { clock, rules, passed } = opened
  rules.mayBegin = false
  rules.isFrontTooSlow = true
  rules.mayPassInFront = true
  void opened.body('not begun').send()
  clock.advance(1_000)
  rules.isFrontTooSlow = false
  rules.mayBegin = true
  opened.queue.serve()
  await waitingBody(opened, 'other')
  opened.queue.serve()
  await nextTurn()
  assert.deepEqual(passed, [])
})

test('the seconds are told while anybody waits, and only then', async (t) => {
  const opened = openQueue(t)
  opened.clock.advance(5_000)
  assert.equal(opened.seconds(), 0)
  const { client, next } = await waitingBody(opened, 'layer')
  opened.clock.advance(3_000)
  assert.equal(opened.seconds(), 4)
  client.abort(new Error('the client left'))
  await assert.rejects(next)
  opened.clock.advance(5_000)
  assert.equal(opened.seconds(), 4)
})

test('a body that began before anybody waited does not begin in the queue', async (t) => {
  const opened = openQueue(t)
  const { signal } = new AbortController()
  await opened.queue.enter(1, signal, false)
  assert.equal(opened.began(), 0)
})
