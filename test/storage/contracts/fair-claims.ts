import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ForwardClaim, ForwardJournal } from '../../../src/publish/forward-journal.ts'
import { clock } from '../support/clock.ts'
import { assertNothingDue, failed, published, someKey } from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal

async function recordOf(forwards: ForwardJournal, agents: string): Promise<void> {
  for (const agent of agents) await forwards.record(someKey(), agent, 1)
}

/** Claims one after the other, and leaves them in flight. */
async function claimsOf(forwards: ForwardJournal, count: number): Promise<ForwardClaim[]> {
  const claims = []
  for (let index = 0; index < count; index += 1) claims.push(await forwards.claim(never))
  return claims
}

/** Claims one after the other, each once the one before it is done. */
async function assertDoneInTurn(forwards: ForwardJournal, agents: string): Promise<void> {
  let served = ''
  for (let count = 0; count < agents.length; count += 1) {
    const claim = await forwards.claim(never)
    served += claim.forward.agent
    await claim.forwarded(published)
  }
  assert.equal(served, agents)
}

function agentsOf(claims: readonly ForwardClaim[]): string {
  return claims.map(({ forward }) => forward.agent).join('')
}

/** What every engine of the `ForwardJournal` port does to be fair between agents. */
export function fairClaimsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, fair claims: ${engine}`, () => {
    test('the agent with the fewest in flight is next, the longest due where that is the same', async (t) => {
      const forwards = await open(t, clock().now)
      await recordOf(forwards, 'ccccabab')

      assert.equal(agentsOf(await claimsOf(forwards, 8)), 'cabcabcc')
    })

    test('those who are served together are served as fairly as one after the other', async (t) => {
      const forwards = await open(t, clock().now)
      await recordOf(forwards, 'ccccabab')
      const claims = await Promise.all(Array.from({ length: 8 }, () => forwards.claim(never)))

      assert.equal(agentsOf(claims), 'cabcabcc')
    })

    test('of one agent the longest due is next', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const keys = [someKey(), someKey(), someKey()] as const
      await forwards.record(keys[0], 'b', 1)
      await (await forwards.claim(never)).postpone(failed, 1, time.in(2000))
      time.move(1000)
      await forwards.record(keys[1], 'b', 1)
      await forwards.record(keys[2], 'a', 1)
      time.move(1000)

      assert.deepEqual(
        (await claimsOf(forwards, 3)).map(({ forward }) => forward.key),
        [keys[1], keys[2], keys[0]],
      )
    })

    test('an agent whose flights have ended is next before those who have some', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      await recordOf(forwards, 'aaaabb')
      const [first, , third] = await claimsOf(forwards, 3)
      assert.equal(third?.forward.agent, 'a')
      await first?.forwarded(published)
      await third.park(failed, 1, time.in(60_000))

      assert.equal(agentsOf(await claimsOf(forwards, 3)), 'aab')
    })

    test('what rests keeps nothing of its agent, and nobody else, from its turn', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      await recordOf(forwards, 'aac')
      const [first, , third] = await claimsOf(forwards, 3)
      await first?.postpone(failed, 1, time.in(1000))
      await third?.park(failed, 1, time.in(1000))
      await recordOf(forwards, 'bd')

      assert.equal(agentsOf(await claimsOf(forwards, 2)), 'bd')
      await assertNothingDue(forwards)
      time.move(1000)
      assert.equal(agentsOf(await claimsOf(forwards, 2)), 'aa')
    })

    test('what rests is not due because its agent has nothing in flight', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      await recordOf(forwards, 'b')
      await (await forwards.claim(never)).postpone(failed, 1, time.in(1000))
      await recordOf(forwards, 'aac')

      assert.equal(agentsOf(await claimsOf(forwards, 3)), 'aca')
      await assertNothingDue(forwards)
    })

    test('what is parked takes its turn like any other', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      await recordOf(forwards, 'b')
      await (await forwards.claim(never)).park(failed, 1, time.now())
      time.move(1)
      await recordOf(forwards, 'aab')

      assert.equal(agentsOf(await claimsOf(forwards, 4)), 'baab')
    })

    test('what is hurried goes first, however many its agent has in flight', async (t) => {
      const forwards = await open(t, clock().now)
      await recordOf(forwards, 'aa')
      await claimsOf(forwards, 2)
      await recordOf(forwards, 'b')
      const keys = [someKey(), someKey()]
      for (const key of keys) await forwards.record(key, 'a', 1)
      await forwards.hurry(keys.slice(1))
      await forwards.hurry(keys.slice(0, 1))

      const claims = await claimsOf(forwards, 3)
      assert.deepEqual(
        claims.slice(0, 2).map(({ forward }) => forward.key),
        keys.toReversed(),
      )
      assert.equal(agentsOf(claims), 'aab')
    })

    test('every eighth claim is fair, whatever is hurried', async (t) => {
      const forwards = await open(t, clock().now)
      const hurried = Array.from({ length: 20 }, someKey)
      await recordOf(forwards, 'bbc')
      for (const key of hurried) await forwards.record(key, 'a', 1)
      await forwards.hurry(hurried)
      await assertDoneInTurn(forwards, `${'a'.repeat(7)}b${'a'.repeat(7)}b${'a'.repeat(6)}c`)
    })

    test('every eighth claim is fair, even where several are served together', async (t) => {
      const forwards = await open(t, clock().now)
      const hurried = Array.from({ length: 20 }, someKey)
      for (const key of hurried) await forwards.record(key, 'a', 1)
      await recordOf(forwards, 'bbc')
      await forwards.hurry(hurried)
      const served = []
      for (const count of [5, 5, 9, 4]) {
        const claims = await Promise.all(Array.from({ length: count }, () => forwards.claim(never)))
        served.push(...claims)
      }

      assert.equal(agentsOf(served), `${'a'.repeat(7)}b${'a'.repeat(7)}c${'a'.repeat(6)}b`)
    })

    test('the eighth claim takes what is hurried where it is its turn anyway', async (t) => {
      const forwards = await open(t, clock().now)
      const hurried = Array.from({ length: 9 }, someKey)
      for (const key of hurried) await forwards.record(key, 'a', 1)
      await recordOf(forwards, 'a')
      await forwards.hurry(hurried)

      assert.deepEqual(
        (await claimsOf(forwards, 9)).map(({ forward }) => forward.key),
        hurried,
      )
    })

    test('the eighth claim leaves what rests, hurried or not', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      await recordOf(forwards, 'aaaaaaabc')
      await claimsOf(forwards, 2)
      const claims = await claimsOf(forwards, 5)
      for (const claim of claims) {
        await forwards.hurry([claim.forward.key])
        await claim.postpone(failed, 1, time.in(1000))
      }

      await claimsOf(forwards, 2)
      await assertNothingDue(forwards)
    })

    test('who leaves with nothing does not count for the eighth claim', async (t) => {
      const forwards = await open(t, clock().now)
      for (let leavers = 0; leavers < 5; leavers += 1) await assertNothingDue(forwards)
      await recordOf(forwards, 'b')
      const hurried = Array.from({ length: 8 }, someKey)
      for (const key of hurried) await forwards.record(key, 'a', 1)
      await forwards.hurry(hurried)

      assert.equal(agentsOf(await claimsOf(forwards, 9)), `${'a'.repeat(7)}ba`)
    })

    test('what was dropped in flight is in flight no more', async (t) => {
      const forwards = await open(t, clock().now)
      await recordOf(forwards, 'aaaabb')
      const [first, second, third] = await claimsOf(forwards, 3)
      assert(first && second && third)
      await forwards.drop(first.forward.key)
      await forwards.drop(third.forward.key)

      assert.equal(agentsOf(await claimsOf(forwards, 3)), 'aab')
    })
  })
}
