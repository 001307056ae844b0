import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLevels, degradedBy, type LevelSources } from '../../src/telemetry/levels.ts'
import { calmLevels } from './setup.ts'

for (const [what, levels, reasons] of [
  ['nothing', {}, []],
  ['a spool full of layers that may go', { spoolBytes: 1000, forwardBacklogBytes: 949 }, []],
  ['a spool just below 95 %', { spoolBytes: 949, forwardBacklogBytes: 949 }, []],
  [
    'a spool at 95 % of what is owed',
    { spoolBytes: 950, forwardBacklogBytes: 950 },
    ['spool_nearly_full'],
  ],
  [
    'a spool at 95 % of what is owed or held',
    { spoolBytes: 950, forwardBacklogBytes: 900, heldBytes: 50 },
    ['spool_nearly_full'],
  ],
  ['layers that are held', { forwardsHeld: 100, heldBytes: 900 }, []],
  ['layers that wait', { forwardsWaiting: 100, forwardBacklogBytes: 1e9 }, []],
  ['one parked layer', { forwardsParked: 1 }, ['forwards_parked']],
  ['a journal that failed', { hasJournalFailed: true }, ['journal_failed']],
  [
    'all of that',
    {
      isUpstreamPaused: true,
      isPolicyOutdated: true,
      hasJournalFailed: true,
      forwardsParked: 1,
      spoolBytes: 1000,
      forwardBacklogBytes: 1000,
    },
    [
      'journal_failed',
      'spool_nearly_full',
      'forwards_parked',
      'upstream_unreachable',
      'policy_outdated',
    ],
  ],
] as const) {
  test(`the service is degraded by ${what}: ${reasons.join(' and ') || 'no'}`, () => {
    assert.deepEqual(degradedBy({ ...calmLevels, ...levels }), reasons)
  })
}

const nothingOwed = {
  waiting: 0,
  parked: 0,
  parkedForGood: 0,
  held: 0,
  heldBytes: 0,
  backlogBytes: 0,
}

/** Levels over a journal whose totals a test decides. */
function levelsOver(totals: LevelSources['totals']) {
  const state = { hasFailed: false }
  const read = createLevels({
    totals,
    usage: () => ({ usedBytes: 10, capacityBytes: 100 }),
    uploadsWaiting: () => 2,
    hasJournalFailed: () => state.hasFailed,
    isUpstreamPaused: () => true,
    isPolicyOutdated: () => true,
    quotasPerSecond: () => ({ default: { PutImage: 10 } }),
    now: () => new Date(0),
  })
  return { read, state }
}

test('a journal that failed leaves its levels as they last were', async () => {
  let isBroken = false
  const { read, state } = levelsOver(async () => {
    if (isBroken) throw new Error('broken')
    return { ...nothingOwed, waiting: 3, parked: 1, parkedForGood: 2, backlogBytes: 50 }
  })
  await read()
  isBroken = true
  await assert.rejects(read(), /broken/)
  state.hasFailed = true
  const { forwardsWaiting, forwardBacklogBytes, hasJournalFailed } = await read()
  assert.deepEqual([forwardsWaiting, forwardBacklogBytes, hasJournalFailed], [3, 50, true])
})

test('the age of the oldest debt is 0 when there is none', async () => {
  const { read } = levelsOver(async () => nothingOwed)
  assert.equal((await read()).forwardOldestSeconds, 0)
})
