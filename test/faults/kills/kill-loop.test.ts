import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../chaos/support/random.ts'
import { seedsToRun } from '../chaos/support/seeds.ts'
import { workHard } from './support/heavy.ts'
import { createLedger } from './support/ledger.ts'
import { openSite } from './support/site.ts'
import { checkPromises, settled, stopInOrder } from './support/verdict.ts'

const kills = 20
/** Some die while they start, and recover what the one before left. */
const longestLifeMs = 900

describe('a service that is killed again and again', () => {
  for (const seed of seedsToRun(1)) {
    test(`breaks no promise in ${kills} lives (seed ${seed})`, async (t) => {
      const modulesDir = await mkdtemp(join(tmpdir(), 'layergate-modules-'))
      t.after(() => rm(modulesDir, { recursive: true }))
      const random = createRandom(seed)
      const ledger = createLedger()
      await using site = await openSite(modulesDir, { LAYERGATE_SPOOL_MAX: '64MiB' })

      let lives = 0
      const working = workHard(site, ledger, random.fork(), () => lives > kills)
      let promisesBefore = 0
      let fruitful = 0
      while (lives < kills) {
        const victim = site.start({ keepsModules: lives === 0 })
        if (random.chance(0.8)) await victim.url
        await Promise.race([working, sleep(random.integer(0, longestLifeMs))])
        victim.signal('SIGKILL')
        assert.equal(await victim.end, 'SIGKILL', victim.stderr())
        if (ledger.promises > promisesBefore) fruitful += 1
        promisesBefore = ledger.promises
        lives += 1
      }
      lives += 1
      const last = site.start()
      await working
      await settled(site)
      await stopInOrder(last)
      await checkPromises(site, ledger)
      t.diagnostic(
        `${kills} kills, ${fruitful} of them behind promises; ${ledger.promises} promises, ${ledger.acknowledged.length} layers`,
      )
      assert.ok(fruitful > kills / 5, 'enough of them lived long enough to promise something')
    })
  }
})
