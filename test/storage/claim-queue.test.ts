import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { ForwardClaim } from '../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { createClaimQueue, type Due } from '../../src/storage/sqlite/claim-queue.ts'
import { layerOf } from './support/layers.ts'

const done = async () => {}
const layer = layerOf(Buffer.from('x'))
const claim: ForwardClaim = {
  forward: {
    key: { registry: 'default', repository: parseRepositoryName('team/app'), digest: layer.digest },
    agent: 'ci',
    sizeBytes: layer.sizeBytes,
    state: 'forwarding',
    alreadyPresent: false,
    parts: 0,
    attempts: 0,
    recordedAt: new Date(0),
    changedAt: new Date(0),
  },
  progress: done,
  forwarded: done,
  park: done,
  parkForGood: done,
  postpone: done,
  release: done,
}

test('a forward that is recorded just as the queue found nothing due is not overlooked', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    const looked = Promise.withResolvers<Due>()
    let isDue = false
    const queue = createClaimQueue({
      now: () => new Date(),
      takeDue: () => (isDue ? Promise.resolve({ claims: [claim] }) : looked.promise),
    })
    const claimed = queue.claim(new AbortController().signal)
    await setImmediate()

    looked.resolve({ claims: [] })
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    isDue = true
    queue.wake()
    assert.equal(
      await Promise.race([claimed, setImmediate('overlooked')]),
      claim,
      `woken ${turns} turns after nothing was found`,
    )
  }
})

test('a forward that was claimed for somebody who left meanwhile is released', async () => {
  const looked = Promise.withResolvers<Due>()
  const released = Promise.withResolvers<void>()
  const leaving = new AbortController()
  const queue = createClaimQueue({ now: () => new Date(), takeDue: () => looked.promise })
  const claimed = queue.claim(leaving.signal)
  await setImmediate()
  leaving.abort(new Error('gone'))
  await assert.rejects(claimed, /gone/)
  looked.resolve({
    claims: [
      {
        ...claim,
        async release() {
          released.resolve()
        },
      },
    ],
  })

  await released.promise
})

test('what cannot be released keeps the others from nothing, and goes to who comes next', async () => {
  const looked = Promise.withResolvers<Due>()
  const leaving = new AbortController()
  const answers = [looked.promise]
  const takeDue = async () => (await answers.shift()) ?? { claims: [] }
  const queue = createClaimQueue({ now: () => new Date(), takeDue })
  const waits = [queue.claim(leaving.signal), queue.claim(leaving.signal)]
  const left = Promise.all(waits.map((wait) => assert.rejects(wait, /gone/)))
  await setImmediate()
  leaving.abort(new Error('gone'))
  await left
  const released = Promise.withResolvers<void>()
  const stuck = {
    ...claim,
    async release() {
      throw new Error('The disk is full.')
    },
  }
  looked.resolve({ claims: [stuck, { ...claim, release: async () => released.resolve() }] })
  await released.promise
  await setImmediate()

  assert.equal(await queue.claim(new AbortController().signal), stuck)
  const never = new AbortController()
  const waiting = queue.claim(never.signal)
  await setImmediate()
  never.abort(new Error('nothing is left'))
  await assert.rejects(waiting, /nothing is left/)
})

test('who comes while the release of a claim fails hears of it', async () => {
  const [looked, releasing] = [Promise.withResolvers<Due>(), Promise.withResolvers<void>()]
  const leaving = new AbortController()
  const queue = createClaimQueue({ now: () => new Date(), takeDue: () => looked.promise })
  const leaver = assert.rejects(queue.claim(leaving.signal), /gone/)
  await setImmediate()
  leaving.abort(new Error('gone'))
  await leaver
  looked.resolve({ claims: [{ ...claim, release: () => releasing.promise }] })
  await setImmediate()
  const comer = queue.claim(new AbortController().signal)
  releasing.reject(new Error('The disk is full.'))

  await assert.rejects(comer, /The disk is full/)
})

test('who waits hears when the journal fails, and others may come later', async () => {
  const answers = [Promise.reject<Due>(new Error('broken')), Promise.resolve({ claims: [claim] })]
  const takeDue = async () => (await answers.shift()) ?? { claims: [] }
  const queue = createClaimQueue({ now: () => new Date(), takeDue })

  await assert.rejects(queue.claim(new AbortController().signal), /broken/)
  assert.equal(await queue.claim(new AbortController().signal), claim)
})
