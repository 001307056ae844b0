import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  checkAcknowledged,
  checkNeverInitiated,
  checkSpoolAgreesWithJournal,
  checkTags,
  readHistory,
} from '../../invariants.ts'
import type { Ledger } from './ledger.ts'
import { credentials } from './policy.ts'
import type { Site } from './site.ts'
import type { Victim } from './victims.ts'

/** Longer than any debt takes to be paid here. */
const patienceMs = 60_000
const lookAgainMs = 20

/** Waits until ECR Public has what was acknowledged, and the service knows it. */
export async function settled(site: Site): Promise<void> {
  const enough = AbortSignal.timeout(patienceMs)
  for (;;) {
    const text = await metrics(site)
    const owed = ['waiting', 'in_progress', 'parked'].map((state) =>
      sampleOf(text, `layergate_forwards_${state}`),
    )
    if (owed.every((count) => count === 0)) return
    if (enough.aborted) throw new Error(`Layers are still owed: ${owed.join(', ')}.`)
    await sleep(lookAgainMs)
  }
}

async function metrics(site: Site): Promise<string> {
  const url = await site.url()
  return fetch(`${url}/metrics`, { headers: credentials }).then(
    (answer) => answer.text(),
    () => '',
  )
}

function sampleOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

/** Stops the one that serves: in order, with nothing left behind. */
export async function stopInOrder(victim: Victim): Promise<void> {
  await victim.url
  victim.signal('SIGTERM')
  assert.equal(await victim.end, 0, victim.stderr())
  const words = victim.lastWords()
  assert.deepEqual(words?.openFiles, [], 'no file is open')
  assert.deepEqual(words?.openHandles, [], 'nothing would keep the process')
}

/**
 * Every promise to the agents was kept, by whatever processes there were, all of which are gone. Each layer was stored once, and none
 * was completed again after the sandbox had said so: a flight after a crash asks first. So a layer whose answer was lost with the
 * process counts as there.
 */
export async function checkPromises(site: Site, ledger: Ledger): Promise<void> {
  assert.deepEqual(ledger.surprises, [])
  const history = await readHistory(site.sandboxDir)
  const record = { calls: site.sandbox.calls(), history }
  await checkAcknowledged(site.sandbox, record, ledger.acknowledged)
  checkNeverInitiated(record, ledger)
  checkNothingOfRefused(site)
  checkTags(history, ledger.tags)
  await checkSpoolAgreesWithJournal(site.dataDir)
}

/** Nothing but refused layers was pushed there, so every upload would be one of theirs. */
function checkNothingOfRefused({ sandbox }: Site): void {
  const reads = new Set(['BatchCheckLayerAvailability'])
  const written = sandbox
    .calls()
    .filter(({ repositoryName }) => repositoryName === 'team/refused')
    .filter(({ operation }) => !reads.has(operation))
  assert.deepEqual(written, [], 'no upload was started for a refused layer')
}
