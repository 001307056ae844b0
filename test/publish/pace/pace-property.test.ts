import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { chunkBytes, openCrowd, steps } from './pace-crowd.ts'
import { forwardEnded, forwardStarted, mebibyte, partSent } from './setup-pace.ts'

const trickleMs = 10_000
const upstreamBytesPerMs = (10 * mebibyte) / 1000

test('whoever comes and whatever drains, a backlog beyond AHEAD grows by no more than the trickle', async (t) => {
  const clock = manualClock(t)
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const crowd = await openCrowd(clock, { bytes: 1e12, layers: 1 })
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
  const backlogs = fc.record({
    bytes: fc.constantFrom(0, 100 * mebibyte, 300 * mebibyte, 1e12),
    layers: fc.constantFrom(0, 199, 300, 1e6),
  })
  await fc.assert(
    fc.asyncProperty(backlogs, steps, async (owed, script) => {
      const crowd = await openCrowd(clock, owed)
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

test('whoever comes and whatever ends, no more bodies begin than half of what ended, and those whose time came', async (t) => {
  const clock = manualClock(t)
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const crowd = await openCrowd(clock, { bytes: 1, layers: 1e6 })
      const cameAtMs: number[] = []
      let ended = 0
      for (const step of script) {
        if (step.do === 'open') {
          crowd.open(1)
          cameAtMs.push(clock.now().getTime())
        } else if (step.do === 'leave') {
          crowd.leave(step.who)
        } else if (step.do === 'pass time') {
          clock.advance(step.ms)
        } else {
          crowd.pace.observe(forwardStarted(1))
          crowd.pace.observe(forwardEnded(1))
          ended += 1
        }
        await nextTurn()
        // Each second is looked at, and whoever would be late at the next look passes.
        const dueMs = clock.now().getTime() - trickleMs + 1_000
        const due = cameAtMs.filter((ms) => ms < dueMs).length
        assert.ok(crowd.begun() <= Math.floor(ended / 2) + due)
        if (!crowd.pace.isPacing) return
      }
      for (let who = crowd.bodies(); who > 0; who -= 1) crowd.leave(0)
      await nextTurn()
      assert.deepEqual([crowd.waiting(), clock.pendingTimers], [0, 0])
    }),
  )
})
