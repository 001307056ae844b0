import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { startSandbox } from '../../../src/sandbox/sandbox.ts'
import { type Blob, blobOf, randomBytes } from '../chaos/support/blobs.ts'
import { createRandom, type Random } from '../chaos/support/random.ts'
import { seedsToRun } from '../chaos/support/seeds.ts'
import { checkSpoolAgreesWithJournal } from '../invariants.ts'
import type { Agent } from '../kills/support/agent.ts'
import { createLedger } from '../kills/support/ledger.ts'
import { cancel, pushForm, pushRaw, pushStream, pushWrong } from '../kills/support/push.ts'
import { type OpenSession, pushChunks } from '../kills/support/session.ts'
import { cutPower } from './support/power-cut.ts'
import { assertKept, type Promises, promisesOf } from './support/promises.ts'
import { serveFolder } from './support/serve-folder.ts'

/** A folder that was left by a power cut, and what had been promised by then. */
interface Cut {
  readonly dataDir: string
  readonly when: 'at an answer' | 'in between'
  readonly promises: Promises
}

const agentsAtOnce = 6
const errandsOfAgent = 4
const switches = { partSizeBytes: 128 * 1024, minPartBytes: 1 }

async function cutOften(folder: string, random: Random): Promise<readonly Cut[]> {
  const dataDir = join(folder, 'data')
  await using undo = new AsyncDisposableStack()
  const sandbox = await startSandbox({ repositories: ['team/app'], switches })
  undo.defer(() => sandbox.close())
  const ledger = createLedger()
  const sessions = new Map<string, OpenSession>()
  const cancelled = new Set<string>()
  const cuts: Cut[] = []

  function maybeCut(when: Cut['when'], probability: number): void {
    if (!random.chance(probability)) return
    const target = join(folder, `cut-${cuts.length}`)
    power.cut(target)
    cuts.push({
      dataDir: target,
      when,
      promises: promisesOf({ ledger, sessions, cancelled }, sandbox),
    })
  }

  const power = cutPower(dataDir, random.fork(), () => maybeCut('in between', 0.01))
  const served = undo.use(await serveFolder(dataDir, sandbox.url, power))
  const agent: Agent = { ledger, repository: 'team/app', url: async () => served.url }
  // Only what is not forwarded yet is in danger.
  sandbox.addFault({
    operation: 'CompleteLayerUpload',
    call: 'every',
    fault: { kind: 'delay', delayMs: 100 },
  })

  const heard = () => maybeCut('at an answer', 0.1)
  const follow = () => {
    let location: string | undefined
    return (session: OpenSession | undefined) => {
      if (session) sessions.set(session.location, session)
      else if (location !== undefined) sessions.delete(location)
      location = session?.location
      heard()
    }
  }

  const giveUp = () => {
    let before: string | undefined
    return (location: string | undefined) => {
      if (location !== undefined) cancelled.add(location)
      else if (before !== undefined) cancelled.delete(before)
      before = location
    }
  }

  async function errand(own: Random): Promise<void> {
    // Of one byte, the Range of an upload does not say whether it is there.
    const draw = () => blobOf(randomBytes(own, own.size(3, 400_000)))
    const blob = draw()
    const end = own.pick(['empty', 'last bytes'] as const)
    const push = own.pick([
      (it: Blob) => pushRaw(agent, it, own.pick(['respond-async', 'wait=5'])),
      (it: Blob) => pushStream(agent, it),
      (it: Blob) => pushForm(agent, it),
      (it: Blob) => pushChunks(agent, it, own.size(1000, 200_000), end, follow()),
      (it: Blob) => pushChunks(agent, it, own.size(1000, 200_000), end, follow()),
      (it: Blob) => cancel(agent, it, giveUp()),
      (it: Blob) => pushWrong(agent, it, draw()),
    ])
    await push(blob)
    heard()
  }

  await Promise.all(
    Array.from({ length: agentsAtOnce }, async () => {
      const own = random.fork()
      for (let count = 0; count < errandsOfAgent; count += 1) await errand(own)
    }),
  )
  assert.deepEqual(ledger.surprises, [])
  return cuts
}

async function assertNothingLost({ dataDir, promises }: Cut): Promise<void> {
  const sandbox = await startSandbox({ repositories: ['team/app'], switches })
  try {
    await using served = await serveFolder(dataDir, sandbox.url)
    await assertKept(promises, served.url, sandbox)
    await served.service.close()
    await checkSpoolAgreesWithJournal(dataDir)
  } finally {
    await sandbox.close()
  }
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-power-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

describe('after a power cut, of which only what was synced is left for sure', () => {
  for (const seed of seedsToRun(3)) {
    test(`whatever was acknowledged is forwarded, and every upload goes on (seed ${seed})`, async (t) => {
      const cuts = await cutOften(await temporaryFolder(t), createRandom(seed))
      let [layers, uploads] = [0, 0]
      for (const [index, cut] of cuts.entries()) {
        await assertNothingLost(cut).catch((error: unknown) => {
          throw new Error(`cut ${index} of seed ${seed}, ${cut.when}`, { cause: error })
        })
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
