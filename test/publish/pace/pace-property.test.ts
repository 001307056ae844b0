import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createPace } from '../../../src/publish/pace/pace.ts'
import { type ManualClock, manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { forwardStarted, mebibyte, partSent, sendLayer, uploadStarted } from './setup-pace.ts'

const chunkBytes = 64 * 1024
const trickleMs = 10_000
const aheadMs = 20_000
const upstreamBytesPerMs = (10 * mebibyte) / 1000

/** A measured upstream, so much before it, and bodies that are read as fast as the pace lets them. */
async function openCrowd(clock: ManualClock, owedBytes: number) {
  const now = () => clock.now().getTime()
  const ports = { now, owedBytes: () => Promise.resolve(owedBytes), onJournalError: assert.ifError }
  const pace = createPace(ports, { aheadMs })
  sendLayer(pace, clock, 30, 1)
  pace.observe(forwardStarted(owedBytes))
  await pace.admit(0, new AbortController().signal)
  await nextTurn()

  let admittedBytes = 0
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
    longestWaitMs: () => longestWaitMs,
    waiting: () => waiting,
  }
}

const steps = fc.array(
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

test('whoever comes and whatever drains, a backlog beyond AHEAD grows by no more than the trickle', async (t) => {
  const clock = manualClock(t)
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const crowd = await openCrowd(clock, 1e12)
      assert.equal(crowd.pace.isPacing, true)
      const startedAtMs = clock.now().getTime()
      let drainedBytes = 0
      let bodies = 0
      for (const step of script) {
        switch (step.do) {
          case 'open':
            crowd.open(step.chunks)
            bodies += 1
            break
          case 'leave':
            crowd.leave(step.who)
            break
          case 'pass time':
            clock.advance(step.ms)
            break
          case 'drain': {
            const tookMs = Math.ceil(step.bytes / upstreamBytesPerMs)
            clock.advance(tookMs)
            crowd.pace.observe(partSent(step.bytes, tookMs / 1000))
            drainedBytes += step.bytes
          }
        }
        await nextTurn()
        if (!crowd.pace.isPacing) return
        const spans = 1 + (clock.now().getTime() - startedAtMs) / (trickleMs - 1000)
        const trickleBytes = bodies * spans * chunkBytes
        assert.ok(crowd.admittedBytes() <= drainedBytes / 2 + chunkBytes + trickleBytes)
      }
      for (let who = crowd.bodies(); who > 0; who -= 1) crowd.leave(0)
      await nextTurn()
      assert.deepEqual([crowd.waiting(), clock.pendingTimers], [0, 0])
    }),
  )
})

test('nobody waits for longer than 10 s, in whatever state the upstream is', async (t) => {
  const clock = manualClock(t)
  const backlogs = fc.constantFrom(0, 100 * mebibyte, 300 * mebibyte, 1e12)
  await fc.assert(
    fc.asyncProperty(backlogs, steps, async (owedBytes, script) => {
      const crowd = await openCrowd(clock, owedBytes)
      for (const step of script) {
        if (step.do === 'open') crowd.open(step.chunks)
        if (step.do === 'leave') crowd.leave(step.who)
        if (step.do === 'drain') crowd.pace.observe(partSent(step.bytes, 1))
        const ms = step.do === 'pass time' ? step.ms : 0
        for (let passedMs = 0; passedMs <= ms; passedMs += 500) {
          clock.advance(500)
          await nextTurn()
        }
      }
      assert.ok(crowd.longestWaitMs() <= trickleMs, `${crowd.longestWaitMs()} ms`)
      for (let who = crowd.bodies(); who > 0; who -= 1) crowd.leave(0)
      await nextTurn()
      assert.deepEqual([crowd.waiting(), clock.pendingTimers], [0, 0])
    }),
    { numRuns: 50 },
  )
})
