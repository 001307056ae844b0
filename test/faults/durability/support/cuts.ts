import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Around } from '../../../../src/wiring-parts.ts'
import { startSandbox } from '../../../../src/sandbox/sandbox.ts'
import type { Random } from '../../chaos/support/random.ts'
import { settle } from '../../chaos/support/settle.ts'
import { watchPorts } from '../../chaos/support/watched-ports.ts'
import {
  checkAcknowledged,
  checkNeverInitiated,
  checkSpoolAgreesWithJournal,
  type LayerThere,
  readHistory,
} from '../../invariants.ts'
import type { Agent } from '../../kills/support/agent.ts'
import { createLedger } from '../../kills/support/ledger.ts'
import type { OpenSession } from '../../kills/support/session.ts'
import { sendOnErrands } from './errands.ts'
import { cutPower } from './power-cut.ts'
import { type Promises, promisesOf } from './promises.ts'
import { serveFolder } from './serve-folder.ts'

/** A folder that was left by a power cut, and what had been promised by then. */
export interface Cut {
  readonly dataDir: string
  readonly when: 'at an answer' | 'in between'
  readonly promises: Promises
}

/** So that small layers have several parts. */
export const switches = { partSizeBytes: 128 * 1024, minPartBytes: 1 }

/** One life of a service at which agents push, and the power cuts that it might have met. It keeps its own promises, too. */
export async function cutOften(folder: string, random: Random): Promise<readonly Cut[]> {
  const dataDir = join(folder, 'data')
  const sandboxDir = join(folder, 'ecr')
  await using undo = new AsyncDisposableStack()
  const sandbox = await startSandbox({
    repositories: ['team/app'],
    dataDir: sandboxDir,
    switches,
  })
  undo.defer(() => sandbox.close())
  const ledger = createLedger()
  const sessions = new Map<string, OpenSession>()
  const cancelled = new Set<string>()
  const cuts: Cut[] = []

  function maybeCut(when: Cut['when'], probability: number): void {
    if (!random.chance(probability)) return
    const target = join(folder, `cut-${cuts.length}`)
    power.cut(target)
    const promises = promisesOf({ ledger, sessions, cancelled }, sandbox)
    cuts.push({ dataDir: target, when, promises })
  }

  const power = cutPower(dataDir, random.fork(), () => maybeCut('in between', 0.01))
  const started: LayerThere[] = []
  const ports = watchPorts({ started, doubted: [] })
  const around: Around = (name, port) => power.around(name, ports.around(name, port))
  const served = undo.use(await serveFolder(dataDir, sandbox.url, { files: power.files, around }))
  const agent: Agent = { ledger, repository: 'team/app', url: async () => served.url }
  // Only what is not forwarded yet is in danger.
  sandbox.addFault({
    operation: 'CompleteLayerUpload',
    call: 'every',
    fault: { kind: 'delay', delayMs: 100 },
  })

  await sendOnErrands(agent, random, { sessions, cancelled }, () => maybeCut('at an answer', 0.1))
  await settle(ports.forwards())
  await served.service.close()
  assert.deepEqual(ledger.surprises, [])
  const record = { calls: sandbox.calls(), history: await readHistory(sandboxDir) }
  await checkAcknowledged(sandbox, record, ledger.acknowledged)
  checkNeverInitiated(record, { ...ledger, started })
  await checkSpoolAgreesWithJournal(dataDir)
  return cuts
}
