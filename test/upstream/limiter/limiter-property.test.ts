import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { createThrottle } from '../../../src/sandbox/quotas.ts'
import { laneRates } from '../../../src/upstream/limiter/lanes.ts'
import { createLimiter } from '../../../src/upstream/limiter/limiter.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { callWith } from '../setup.ts'
import { operation } from './setup.ts'

const leastLatencyMs = 20

interface Planned {
  readonly afterMs: number
  readonly agent: string
  /** Beyond the least latency, as far as it is reckoned with. */
  readonly delayMs: number
  /** How much of the delay is on the way there, from 0 to 1. */
  readonly onTheWay: number
}

const plans = fc.array(
  fc.record<Planned>({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })),
    agent: fc.constantFrom('a', 'b', 'c'),
    delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
    onTheWay: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 80 },
)

test('however late calls arrive, a bucket of one token never overflows, and every caller is served in turn', async (t) => {
  const clock = manualClock(t)
  const now = () => clock.now().getTime()
  await fc.assert(
    fc.asyncProperty(plans, fc.constantFrom(3, 10, 40), async (plan, ratePerSecond) => {
      const limiter = createLimiter({
        fullPerSecond: laneRates(1, { InitiateLayerUpload: ratePerSecond }),
        observer: { observe: () => assert.fail('nothing is paused') },
        now,
        random: () => 0,
      })
      const turns = limiter.turns(0)
      const arrivalsMs: number[] = []
      const served: (Planned & { readonly number: number })[] = []
      let ended = 0

      async function call(planned: Planned, number: number): Promise<void> {
        const turn = await turns.take(operation, { ...callWith(), agent: planned.agent })
        served.push({ ...planned, number })
        const delayMs = Math.round(planned.delayMs * planned.onTheWay)
        arrivalsMs.push(now() + leastLatencyMs / 2 + delayMs)
        setTimeout(() => {
          turn.end('answered')
          ended += 1
        }, leastLatencyMs + planned.delayMs)
      }

      for (const [number, planned] of plan.entries()) {
        for (let passedMs = 0; passedMs < planned.afterMs; passedMs += 1) {
          clock.advance(1)
          await setImmediate()
        }
        void call(planned, number)
      }
      for (let ms = 0; ended < plan.length; ms += 1) {
        assert.ok(ms < plan.length * 2000, `${ended} of ${plan.length} were served`)
        clock.advance(1)
        await setImmediate()
      }
      await nextTurn()
      assert.equal(clock.pendingTimers, 0)

      let atMs = 0
      const bucket = createThrottle(() => atMs)
      const quotas = { [operation]: { ratePerSecond, burst: 1 } }
      for (const arrivalMs of arrivalsMs.toSorted((one, other) => one - other)) {
        atMs = arrivalMs
        assert.ok(
          bucket.admit(operation, quotas),
          `throttled at ${arrivalMs} of ${arrivalsMs.join()}`,
        )
      }
      for (const agent of ['a', 'b', 'c']) {
        const numbers = served.filter((one) => one.agent === agent).map(({ number }) => number)
        assert.deepEqual(
          numbers,
          numbers.toSorted((one, other) => one - other),
        )
      }
    }),
    { numRuns: 60 },
  )
})

test('a steady latency costs nothing, be it shorter or longer than the gap', async (t) => {
  const clock = manualClock(t)
  const now = () => clock.now().getTime()
  for (const latencyMs of [5, 101, 103, 400]) {
    const limiter = createLimiter({
      fullPerSecond: laneRates(1, {}),
      observer: { observe: () => assert.fail('nothing is paused') },
      now,
      random: () => 0,
    })
    const turns = limiter.turns(0)
    const sentMs: number[] = []
    const call = async () => {
      const turn = await turns.take(operation, callWith())
      sentMs.push(now())
      setTimeout(() => turn.end('answered'), latencyMs)
    }
    for (let calls = 0; calls < 80; calls += 1) void call()
    while (sentMs.length < 80) {
      clock.advance(1)
      await setImmediate()
    }
    // The last twenty, when the latency is known.
    assert.equal((sentMs.at(-1) ?? 0) - (sentMs.at(-21) ?? 0), 20 * 102, `latency ${latencyMs} ms`)
    clock.advance(latencyMs)
    await nextTurn()
  }
})
