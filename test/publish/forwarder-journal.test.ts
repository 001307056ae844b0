import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ForwardClaim, ForwardJournal } from '../../src/publish/forward-journal.ts'
import { refuse, scripted } from '../support/fake-upstream.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never } from './setup.ts'
import { hanging, settings, setUpForwarder } from './setup-forwarder.ts'

const full = new Error('the disk is full')

/** The first `times` calls fail. */
function failing<A extends unknown[], R>(
  times: number,
  call: (...values: A) => Promise<R>,
): (...values: A) => Promise<R> {
  let calls = 0
  return (...values) => {
    calls += 1
    return calls <= times ? Promise.reject(full) : call(...values)
  }
}

/** Neither end of a flight is taken at the first two attempts. */
function reluctant(claim: ForwardClaim): ForwardClaim {
  return {
    ...claim,
    forwarded: failing(2, claim.forwarded),
    park: failing(2, claim.park),
    postpone: failing(2, claim.postpone),
  }
}

function withClaim(wrap: (claim: ForwardClaim) => ForwardClaim) {
  return (journal: ForwardJournal): ForwardJournal => ({
    ...journal,
    claim: async (signal) => wrap(await journal.claim(signal)),
  })
}

test('when nothing can be claimed, that is told and tried again after a rest', async (t) => {
  const { forwarder, record, journal, key, journalErrors, waitsMs } = await setUpForwarder(t, {
    wrapJournal: (inner) => ({ ...inner, claim: failing(3, inner.claim) }),
  })
  await record()
  forwarder.start()
  assert.equal((await journal.settled(key, never)).state, 'forwarded')
  assert.deepEqual(journalErrors, [full, full, full])
  assert.deepEqual(waitsMs, [
    settings.journalRestMs,
    settings.journalRestMs,
    settings.journalRestMs,
  ])
})

for (const [state, faults] of [
  ['forwarded', scripted({})],
  ['parked', scripted({ absent: [refuse('denied')] })],
  ['owed', scripted({ absent: [refuse('unavailable')] })],
] as const) {
  test(`when the journal does not take the end of a flight (${state}), it is asked again, and nothing is sent twice`, async (t) => {
    const { forwarder, record, journal, key, journalErrors, waitsMs, ended, upstream } =
      await setUpForwarder(t, {
        faults,
        wrapJournal: withClaim(reluctant),
      })
    await record()
    forwarder.start()
    await nextTurn()
    assert.equal((await journal.find(key))?.state, state)
    assert.deepEqual(journalErrors, [full, full])
    assert.deepEqual(waitsMs, [settings.journalRestMs, settings.journalRestMs])
    assert.equal(ended().length, 1)
    assert.equal(upstream.calls.filter((call) => call === 'absent').length, 1)
  })
}

test('a stop does not wait for a journal that takes nothing', async (t) => {
  const { forwarder, record, journal, key, ended } = await setUpForwarder(t, {
    wrapJournal: withClaim((claim) => ({ ...claim, forwarded: () => Promise.reject(full) })),
    ports: {
      sleep: (_ms, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    },
  })
  await record()
  forwarder.start()
  await nextTurn()
  await forwarder.stop()
  assert.equal((await journal.find(key))?.state, 'forwarding')
  assert.deepEqual(ended(), [])
})

test('a row that cannot be given back at a stop is told, and the stop comes to its end', async (t) => {
  const { forwarder, record, journalErrors, ended } = await setUpForwarder(t, {
    wrapUpstream: hanging,
    wrapJournal: withClaim((claim) => ({ ...claim, release: () => Promise.reject(full) })),
  })
  await record()
  forwarder.start()
  await nextTurn()
  await forwarder.stop()
  assert.deepEqual(journalErrors, [full])
  assert.deepEqual(
    ended().map(({ outcome }) => outcome),
    ['released'],
  )
})
