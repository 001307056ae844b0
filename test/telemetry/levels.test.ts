import assert from 'node:assert/strict'
import { test } from 'node:test'
import { degradedBy } from '../../src/telemetry/levels.ts'
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
  ['layers that wait', { forwardsWaiting: 100, forwardBacklogBytes: 1e9 }, []],
  ['one parked layer', { forwardsParked: 1 }, ['forwards_parked']],
  ['a journal that failed', { hasJournalFailed: true }, ['journal_failed']],
  [
    'all of that',
    { hasJournalFailed: true, forwardsParked: 1, spoolBytes: 1000, forwardBacklogBytes: 1000 },
    ['journal_failed', 'spool_nearly_full', 'forwards_parked'],
  ],
] as const) {
  test(`the service is degraded by ${what}: ${reasons.join(' and ') || 'no'}`, () => {
    assert.deepEqual(degradedBy({ ...calmLevels, ...levels }), reasons)
  })
}
