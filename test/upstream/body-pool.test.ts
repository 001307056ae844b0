import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBodyPool } from '../../src/upstream/body-pool.ts'

const anybody = { agent: 'ci', signal: new AbortController().signal }

/** Work that goes on until it is told to end. */
function heldBody() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let lent: Buffer | undefined
  return {
    work: (body: Buffer) => {
      lent = body
      return promise
    },
    body: () => lent,
    resolve,
    reject,
  }
}

const turnOfTheLoop = () => new Promise(setImmediate)

test('a body has the size that was asked for', async () => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: 100 })
  assert.equal(await pool.lend(anybody, async (body) => body.byteLength), 100)
  assert.equal(pool.bodyBytes, 100)
})

test('a body is used again after it was sent', async () => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: 8 })
  const first = await pool.lend(anybody, async (body) => body)
  assert.equal(await pool.lend(anybody, async (body) => body), first)
})

test('a body is not used again after a failure, since a socket may still be sending from it', async () => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: 8 })
  const failed = heldBody()
  const lent = pool.lend(anybody, failed.work)
  failed.reject(new Error('reset'))
  await assert.rejects(lent, /reset/)
  assert.notEqual(failed.body(), undefined)
  assert.notEqual(await pool.lend(anybody, async (body) => body), failed.body())
})

test('no more bodies are lent at once than there are, and who came first is next', async () => {
  const pool = createBodyPool({ bodies: 2, bodyBytes: 8 })
  const held = Array.from({ length: 4 }, heldBody)
  const lent = held.map(({ work }) => pool.lend(anybody, work))
  await turnOfTheLoop()
  assert.deepEqual(
    held.map(({ body }) => body() !== undefined),
    [true, true, false, false],
  )
  held[1]?.resolve()
  await turnOfTheLoop()
  assert.deepEqual(
    held.map(({ body }) => body() !== undefined),
    [true, true, true, false],
  )
  for (const { resolve } of held) resolve()
  await Promise.all(lent)
  assert.equal(new Set(held.map(({ body }) => body())).size, 2)
})

test('a failure lets the next one in', async () => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: 8 })
  const failed = heldBody()
  const lent = pool.lend(anybody, failed.work)
  const next = pool.lend(anybody, async () => 'sent')
  failed.reject(new Error('reset'))
  await assert.rejects(lent, /reset/)
  assert.equal(await next, 'sent')
})

test('an abort ends the wait with its reason and gives the turn to the next', async () => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: 8 })
  const controller = new AbortController()
  const held = heldBody()
  let worked = false
  const lent = pool.lend(anybody, held.work)
  const aborted = pool.lend({ agent: 'ci', signal: controller.signal }, async () => {
    worked = true
  })
  const next = pool.lend(anybody, async () => 'sent')
  controller.abort(new Error('claim lost'))
  await assert.rejects(aborted, /claim lost/)
  held.resolve()
  await lent
  assert.equal(await next, 'sent')
  assert.equal(worked, false)
})

test('a call that was aborted before takes no body', async () => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: 8 })
  const late = pool.lend(
    { ...anybody, signal: AbortSignal.abort(new Error('too late')) },
    async () => 'sent',
  )
  await assert.rejects(late, /too late/)
  assert.equal(await pool.lend(anybody, async () => 'sent'), 'sent')
})

test('agents take turns, and what a manifest waits for comes first', async () => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: 100 })
  const order: string[] = []
  let isAwaited = false
  const held = Promise.withResolvers<void>()
  const first = pool.lend(anybody, () => held.promise)
  const { signal } = anybody
  const lent = [
    { agent: 'many', signal },
    { agent: 'many', signal },
    { agent: 'few', signal },
    { agent: 'awaited', signal, isAwaited: () => isAwaited },
  ].map((borrower) => pool.lend(borrower, async () => order.push(borrower.agent)))
  isAwaited = true
  held.resolve()
  await Promise.all([first, ...lent])
  assert.deepEqual(order, ['awaited', 'many', 'few', 'many'])
})
