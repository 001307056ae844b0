import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import test, { after, before, describe } from 'node:test'
import { createRandom } from '../chaos/support/random.ts'
import { seedsToRun } from '../chaos/support/seeds.ts'
import { atOnce } from './support/at-once.ts'
import { liveAndDie } from './support/death.ts'
import { type Calls, type KillPoint, nameOf } from './support/kill-point.ts'
import { type Legacy, leaveLegacy } from './support/legacy.ts'
import { planDeaths, uncalled } from './support/plan.ts'

/**
 * A seed decides what is pushed, and where processes die; the order of things that happen at once is the machine's. `FAULT_POINT`, such as
 * `after 1 spool.seal`, has them die there alone.
 */
const { FAULT_POINT: only } = env

describe('a process that dies between any two steps', () => {
  let folder: string
  let legacy: Legacy
  let calls: Calls
  let methods: readonly string[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layergate-kill-points-'))
    legacy = await leaveLegacy(folder, folder, createRandom(0))
    ;({ calls, methods } = await cleanLife(folder, legacy))
  })
  after(() => rm(folder, { recursive: true }))

  test('can die at every method of every port: each was called, or it is known why not', () => {
    assert.deepEqual(neverCalled({ calls, methods }), [])
    const known = Object.keys(uncalled)
    assert.deepEqual(
      known.filter((method) => !methods.includes(method) || calls.before[method]),
      [],
      'no excuse is needed for what is called, or is not there',
    )
  })

  for (const [round, seed] of seedsToRun(1).entries()) {
    test(`breaks no promise, wherever it dies (seed ${seed})`, async (t) => {
      const random = createRandom(seed)
      const deaths = only === undefined ? planDeaths(calls, random, round === 0) : [parse(only)]
      const failures: string[] = []
      const survived: KillPoint[] = []
      const tasks = deaths.map((killPoint) => async () => {
        try {
          if (!(await diesAt(folder, legacy, seed, killPoint))) survived.push(killPoint)
        } catch (error) {
          const words = error instanceof Error ? error.stack : String(error)
          const again = `FAULT_SEED=${seed} FAULT_POINT='${textOf(killPoint)}'`
          failures.push(`${nameOf(killPoint)} (${again}): ${words}`)
        }
      })
      await atOnce(availableParallelism() + 1, tasks)
      t.diagnostic(
        `${deaths.length} deaths were planned, ${survived.length} of them did not come: ${survived.map(nameOf).join(', ')}`,
      )
      assert.deepEqual(failures, [])
      const firsts = survived.filter(({ call }) => call === 1)
      assert.deepEqual(firsts, [], 'every first call is reached')
      assert.ok(survived.length * 5 <= deaths.length, 'most of the others are, too')
    })
  }
})

/** What things that happen at once come to differs a little, from life to life. */
const lives = 3

/** A life that calls every method that can be called, or the last of a few. */
async function cleanLife(modulesDir: string, legacy: Legacy) {
  for (let left = lives; ; left -= 1) {
    const { lastWords } = await liveAndDie(modulesDir, legacy, 0, {})
    assert.ok(lastWords)
    if (left === 1 || neverCalled(lastWords).length === 0) return lastWords
  }
}

function neverCalled({ calls, methods }: { calls: Calls; methods: readonly string[] }) {
  return methods.filter((method) => !calls.before[method] && uncalled[method] === undefined)
}

/** Returns whether it came there. A first call comes in one of a few lives. */
async function diesAt(
  modulesDir: string,
  legacy: Legacy,
  seed: number,
  killPoint: KillPoint,
): Promise<boolean> {
  for (let left = killPoint.call === 1 ? lives : 1; left > 0; left -= 1) {
    const { isDead } = await liveAndDie(modulesDir, legacy, seed, { killPoint })
    if (isDead) return true
  }
  return false
}

function textOf({ when, call, method }: KillPoint): string {
  return `${when} ${call} ${method}`
}

function parse(text: string): KillPoint {
  const [when, call, method] = text.split(' ')
  assert.ok((when === 'before' || when === 'after') && method !== undefined, `no point: ${text}`)
  return { when, call: Number(call), method }
}
