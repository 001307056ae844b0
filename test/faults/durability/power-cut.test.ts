import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { createRandom } from '../chaos/support/random.ts'
import { seedsToRun } from '../chaos/support/seeds.ts'
import { checkNothingIsLeft, whatIsOpen } from '../invariants.ts'
import { goOnAfter } from './support/after-cut.ts'
import { cutOften } from './support/cuts.ts'

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-power-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

describe('after a power cut, of which only what was synced is left for sure', () => {
  for (const seed of seedsToRun(3)) {
    test(`whatever was acknowledged is forwarded, and every upload goes on (seed ${seed})`, async (t) => {
      const before = whatIsOpen()
      const folder = await temporaryFolder(t)
      const cuts = await cutOften(folder, createRandom(seed))
      await checkNothingIsLeft(before, folder)
      let [layers, uploads] = [0, 0]
      for (const [index, cut] of cuts.entries()) {
        try {
          await goOnAfter(cut)
          await checkNothingIsLeft(before, folder)
        } catch (error) {
          throw new Error(`cut ${index} of seed ${seed}, ${cut.when}`, { cause: error })
        }
        const { acknowledged, forwarded, sessions } = cut.promises
        layers += acknowledged.length - forwarded.size
        uploads += sessions.filter(({ acknowledgedBytes }) => acknowledgedBytes > 0).length
      }
      t.diagnostic(
        `${cuts.length} cuts, at which ${layers} layers were owed, and ${uploads} uploads had chunks`,
      )
      assert.ok(layers > 0 && uploads > 0)
      for (const when of ['at an answer', 'in between'] as const) {
        assert.ok(cuts.some((cut) => cut.when === when))
      }
    })
  }
})
