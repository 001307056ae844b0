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

const stops = 4
/** Longer than any patience below. */
const stoppedMs = 2_500
const patienceMs = 1_500
const settings = {
  LAYERGATE_UPLOAD_IDLE: '1s',
  LAYERGATE_SPOOL_MAX: '256MiB',
}

describe('a service that stands still, as when its machine is moved', () => {
  for (const seed of seedsToRun(1)) {
    for (const [who, agentPatienceMs] of [
      ['agents that leave meanwhile', patienceMs],
      ['agents that wait', undefined],
    ] as const) {
      test(`goes on with ${who}, and breaks no promise (seed ${seed})`, async (t) => {
        const modulesDir = await mkdtemp(join(tmpdir(), 'layergate-modules-'))
        t.after(() => rm(modulesDir, { recursive: true }))
        const random = createRandom(seed)
        const ledger = createLedger()
        await using site = await openSite(modulesDir, settings, { upstreamPatienceMs: patienceMs })
        const victim = site.start()
        await site.url()

        let stopped = 0
        const isOver = () => stopped >= stops
        const working = workHard(site, ledger, random.fork(), isOver, agentPatienceMs)
        while (!isOver()) {
          await Promise.race([working, sleep(random.integer(100, 700))])
          victim.signal('SIGSTOP')
          await sleep(stoppedMs)
          victim.signal('SIGCONT')
          stopped += 1
        }
        await working
        await settled(site)
        await stopInOrder(victim)
        await checkPromises(site, ledger)
        const cuts = site.upstreamCuts()
        t.diagnostic(
          `${ledger.promises} promises over ${stops} stops; ${cuts} connections to ECR Public were cut`,
        )
        assert.ok(ledger.promises > 0 && cuts > 0)
      })
    }
  }
})
