import type { TestContext } from 'node:test'
import { UpstreamError, type UpstreamFailure } from '../../../src/publish/upstream-error.ts'
import type { Call } from '../../../src/publish/upstream.ts'
import { type LaneName, laneRates } from '../../../src/upstream/limiter/lanes.ts'
import { createLimiter } from '../../../src/upstream/limiter/limiter.ts'
import type { Turn } from '../../../src/upstream/limiter/turns.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { recordingObserver } from '../../support/recording-observer.ts'
import { callWith } from '../setup.ts'

/** Between two calls of a lane of ten a second, with the margin for clocks. */
export const gapMs = 102
export const operation = 'InitiateLayerUpload'

export interface Asked {
  readonly agent?: string
  readonly operation?: string
  readonly signal?: AbortSignal
  readonly isAwaited?: () => boolean
  readonly pauseWaitMs?: number
}

/** A limiter on a clock that only the test moves, and calls that note when they went out. */
export function openLimiter(
  t: TestContext,
  rates: Readonly<Partial<Record<LaneName, number>>> = {},
  random = () => 0,
) {
  const clock = manualClock(t)
  const observer = recordingObserver()
  const now = () => clock.now().getTime()
  const limiter = createLimiter({ fullPerSecond: laneRates(1, rates), observer, now, random })
  const sent: string[] = []
  const refused: unknown[] = []

  /** Ends the call at once, as AWS does that answers in no time, unless the test does that itself. */
  function ask(name: string, asked: Asked = {}, end?: (turn: Turn) => void): void {
    const call: Call = {
      ...callWith(asked.signal),
      agent: asked.agent ?? 'agent',
      ...(asked.isAwaited && { isAwaited: asked.isAwaited }),
    }
    void go().catch((error: unknown) => refused.push(error))

    async function go(): Promise<void> {
      const turns = limiter.turns(asked.pauseWaitMs ?? 60_000)
      const turn = await turns.take(asked.operation ?? operation, call)
      sent.push(`${name} at ${now()}`)
      if (end) end(turn)
      else turn.end('answered')
    }
  }

  /** Lets the time go by in steps, and whatever is ready run after each. */
  async function pass(ms: number, stepMs = 1): Promise<void> {
    await nextTurn()
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      clock.advance(Math.min(stepMs, ms - passedMs))
      await nextTurn()
    }
  }

  return { limiter, clock, observer, now, ask, pass, sent, refused }
}

export function failure(kind: UpstreamFailure, more: Partial<UpstreamError['facts']> = {}) {
  return new UpstreamError(kind, { operation, exception: kind, message: 'as told', ...more })
}

export const down = failure('unavailable', { exception: 'ECONNREFUSED' })
