import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { createPace } from '../../../src/publish/pace/pace.ts'
import type { Backlog } from '../../../src/publish/pace/pace-backlog.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { forwardStarted, mebibyte, sendLayer, uploadStarted } from './setup-pace.ts'

export const chunkBytes = 64 * 1024
const aheadMs = 20_000

/** A measured upstream, so much before it, and bodies that are read as fast as the pace lets them. */
export async function openCrowd(clock: ManualClock, owed: Backlog) {
  const now = () => clock.now().getTime()
  const ports = {
    now,
    owed: () => Promise.resolve(owed),
    layersPerSecond: () => 10,
    onJournalError: assert.ifError,
  }
  const pace = createPace(ports, { aheadMs })
  sendLayer(pace, clock, 30, 1)
  pace.observe(forwardStarted(owed.bytes))
  await pace.admit(0, new AbortController().signal)
  await nextTurn()

  let admittedBytes = 0
  let begun = 0
  let longestWaitMs = 0
  let waiting = 0
  const clients: AbortController[] = []

  async function read(client: AbortController, chunks: number): Promise<void> {
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const cameAtMs = now()
      waiting += 1
      try {
        await pace.admit(chunkBytes, client.signal)
      } catch (error) {
        assert.equal(error, client.signal.reason)
        return
      } finally {
        waiting -= 1
      }
      admittedBytes += chunkBytes
      if (chunk === 0) begun += 1
      longestWaitMs = Math.max(longestWaitMs, now() - cameAtMs)
    }
  }

  return {
    pace,
    open(chunks: number): void {
      pace.observe(uploadStarted)
      const client = new AbortController()
      clients.push(client)
      void read(client, chunks)
    },
    leave(who: number): void {
      clients.splice(who, 1)[0]?.abort(new Error('the client left'))
    },
    bodies: () => clients.length,
    admittedBytes: () => admittedBytes,
    begun: () => begun,
    longestWaitMs: () => longestWaitMs,
    waiting: () => waiting,
  }
}

/** What may happen to a crowd. */
export const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('open' as const), chunks: fc.integer({ min: 1, max: 4000 }) }),
    fc.record({ do: fc.constant('leave' as const), who: fc.nat({ max: 9 }) }),
    fc.record({ do: fc.constant('pass time' as const), ms: fc.integer({ min: 1, max: 15_000 }) }),
    fc.record({
      do: fc.constant('drain' as const),
      bytes: fc.integer({ min: 1, max: 10 * mebibyte }),
    }),
  ),
  { maxLength: 60 },
)
