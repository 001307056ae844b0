import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ForwardClaim, ForwardJournal } from '../../src/publish/forward-journal.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { clock } from './support/clock.ts'
import { failed, hold, published, someKey } from './support/forwards.ts'
import { openStorage } from './support/storage.ts'

const index = fc.nat({ max: 5 })
const agent = fc.constantFrom('a', 'b', 'c')
const restMs = fc.constantFrom(0, 500, 60_000)

const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('record', 'hold'), index, agent }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('claim') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('forwarded', 'park', 'parkForGood', 'postpone', 'release'),
      who: fc.nat(),
      restMs,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('progress'), who: fc.nat(), isAnew: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hurry'), indexes: fc.array(index) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('retry', 'drop'), index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('prune', 'dropHeld'), ageMs: restMs }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass time'), ms: fc.nat({ max: 1000 }) }) },
)

const scripts = fc.array(steps, { minLength: 20, maxLength: 100, size: 'max' })

type Step = typeof steps extends fc.Arbitrary<infer Kind> ? Kind : never
type Time = ReturnType<typeof clock>

/** Claims if something is due. */
async function claimIfDue(forwards: ForwardJournal): Promise<ForwardClaim | undefined> {
  const leaving = new AbortController()
  const claim = forwards.claim(leaving.signal)
  for (let answers = 0; answers < 2; answers += 1) await forwards.totals()
  leaving.abort()
  return claim.catch(() => undefined)
}

/** What one step does to a journal, and gives. `claims` are those that are open. */
async function perform(
  forwards: ForwardJournal,
  claims: ForwardClaim[],
  keys: readonly ReturnType<typeof someKey>[],
  time: Time,
  step: Step,
): Promise<unknown> {
  const keyAt = (at: number) => keys[at % keys.length] ?? someKey()
  if ('ms' in step) return undefined
  if ('agent' in step) {
    const why = step.do === 'hold' ? hold : undefined
    return forwards.record(keyAt(step.index), step.agent, 1 + step.index, why)
  }
  if ('indexes' in step) return forwards.hurry(step.indexes.map(keyAt))
  if ('ageMs' in step) return forwards[step.do](time.in(-step.ageMs))
  if ('index' in step) return forwards[step.do === 'retry' ? 'retry' : 'drop'](keyAt(step.index))
  if ('isAnew' in step) {
    const upload = { id: `upload-${step.who}`, partSizeBytes: 20, sentBytes: step.who }
    return claims[step.who % claims.length]?.progress(step.isAnew ? undefined : upload)
  }
  if ('who' in step) {
    const [claim] = claims.splice(claims.length && step.who % claims.length, 1)
    const retryAt = time.in(step.restMs)
    if (step.do === 'forwarded') return claim?.forwarded(published)
    if (step.do === 'park') return claim?.park(failed, 1, retryAt)
    if (step.do === 'parkForGood') return claim?.parkForGood(failed, 1)
    if (step.do === 'postpone') return claim?.postpone(failed, 1, retryAt)
    return claim?.release()
  }
  const claim = await claimIfDue(forwards)
  if (claim) claims.push(claim)
  return claim?.forward
}

/** Everything that can be seen of a journal. */
async function sight(forwards: ForwardJournal, keys: readonly ReturnType<typeof someKey>[]) {
  return {
    forwards: await Promise.all(keys.map((key) => forwards.find(key))),
    unpaid: (await forwards.unpaid(100)).map(({ key }) => key),
    few: (await forwards.unpaid(2)).length,
    totals: await forwards.totals(),
    owed: await forwards.owedDigests(),
    isOwed: await Promise.all(keys.map(({ digest }) => forwards.isOwed(digest))),
  }
}

test('the engine on SQLite and the one in memory cannot be told apart, whatever is done to them', async (t) => {
  const time = clock()
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      await using opened = new AsyncDisposableStack()
      const { forwards: onDisk, close } = await openStorage(t, { now: time.now })
      opened.defer(close)
      const inMemory = createMemoryJournal({ now: time.now })
      const [one, other] = [someKey(), someKey()]
      const keys = [0, 1, 2].flatMap((registry) =>
        [one, other].map(({ repository, digest }) => ({
          registry: String(registry),
          repository,
          digest,
        })),
      )
      const [diskClaims, memoryClaims]: ForwardClaim[][] = [[], []]
      assert(diskClaims && memoryClaims)
      for (const step of script) {
        if ('ms' in step) time.move(step.ms)
        const expected = await perform(inMemory, memoryClaims, keys, time, step)
        assert.deepEqual(await perform(onDisk, diskClaims, keys, time, step), expected)
        assert.deepEqual(await sight(onDisk, keys), await sight(inMemory, keys))
      }
    }),
    { numRuns: 50 },
  )
})
