import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../src/config/config.ts'
import { createStatus, type StatusPorts } from '../src/wiring-status.ts'
import { createMemoryJournal } from './support/memory-journal.ts'
import { createMemoryRefusals } from './support/memory-refusals.ts'
import { calmLevels } from './telemetry/setup.ts'

const parts = { config: loadConfig({ LAYERGATE_UPSTREAM: 'sandbox' }), version: '1.2.3' }

function ports(more: Partial<StatusPorts> = {}): StatusPorts {
  return {
    watch: { levels: async () => calmLevels, uploads: () => [], forwarded: () => [] },
    readiness: async () => ({ degraded: [] }),
    hasJournalFailed: () => false,
    forwards: createMemoryJournal(),
    refusals: createMemoryRefusals(),
    accounts: { use: () => [] },
    now: () => new Date(0),
    ...more,
  }
}

const unreadable: Pick<StatusPorts, 'forwards' | 'refusals'> = {
  forwards: {
    unpaid: () => Promise.reject(new Error('the disk is gone')),
    inFlight: () => Promise.reject(new Error('the disk is gone')),
  },
  refusals: { latest: () => Promise.reject(new Error('the disk is gone')) },
}

test('of a journal that failed nothing is told but that', async () => {
  const status = createStatus(
    parts,
    ports({
      ...unreadable,
      hasJournalFailed: () => true,
      readiness: async () => ({ degraded: ['journal_failed'], notReady: 'journal_failed' }),
    }),
  )
  const { notReady, debts, inFlight, refusals, totals } = await status()
  assert.equal(notReady, 'journal_failed')
  assert.deepEqual([debts, inFlight, refusals], [[], [], []])
  assert.deepEqual(totals, calmLevels)
})

test('a journal that cannot be read, and has not failed, is no empty one', async () => {
  const status = createStatus(parts, ports(unreadable))
  await assert.rejects(status(), /the disk is gone/)
})

test('whoever looks at the same time is told the same', async () => {
  const status = createStatus(parts, ports())
  const [one, other] = await Promise.all([status(), status()])
  assert.equal(one, other)
  assert.equal(one.version, '1.2.3')
  assert.equal(one.isAuthDisabled, true)
})
