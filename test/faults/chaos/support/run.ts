import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Timing } from '../../../../src/wiring-parts.ts'
import { startService } from '../../../support/service.ts'
import {
  checkAcknowledged,
  checkNeverInitiated,
  checkNothingIsLeft,
  checkSpoolAgreesWithJournal,
  checkTags,
  readHistory,
  whatIsOpen,
} from '../../invariants.ts'
import { createAgent } from './agent.ts'
import { troubleClock } from './clock-trouble.ts'
import { troubleDisk } from './disk-trouble.ts'
import type { FateWeights } from './fates.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { openLine } from './line.ts'
import { type Errand, planErrands, repositories } from './plan.ts'
import { createRandom } from './random.ts'
import { settle } from './settle.ts'
import { troubleUpstream } from './upstream-trouble.ts'
import { watchPorts } from './watched-ports.ts'

/** Which faults a run has. Those of the last three come with this probability before each errand. */
export interface Scenario {
  readonly line: FateWeights
  readonly upstream: number
  readonly disk: number
  readonly clock: number
  readonly env?: Readonly<Record<string, string>>
}

export interface RunReport {
  readonly ledger: Ledger
  /** How often each fault was met. */
  readonly faults: Readonly<Record<string, number>>
}

const errandsOfRun = 150
const agentsAtOnce = 24

const fast = '1000'
const env = {
  LAYERGATE_RATE_BATCH_CHECK_LAYER_AVAILABILITY: fast,
  LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: fast,
  LAYERGATE_RATE_UPLOAD_LAYER_PART: fast,
  LAYERGATE_RATE_COMPLETE_LAYER_UPLOAD: fast,
  LAYERGATE_RATE_PUT_IMAGE: fast,
  LAYERGATE_RATE_GET_AUTHORIZATION_TOKEN: fast,
  LAYERGATE_RATE_REGISTRY_READS: fast,
  LAYERGATE_UPLOAD_IDLE: '1s',
  LAYERGATE_QUEUE_WAIT: '2s',
  LAYERGATE_MANIFEST_WAIT: '20s',
}

/** Nobody waits for hours, and for minutes only in life. */
const timing: Partial<Timing> = {
  postponeMs: 100,
  parkMs: 200,
  journalRestMs: 20,
  manifestPauseMs: 50,
  manifestGraceMs: 10_000,
  redirectAfterMs: 150,
  callTimeoutsMs: { absent: 600, start: 600, sendPart: 4_000, complete: 2_000, putManifest: 1_500 },
}

/** Agents push, everything goes wrong, then nothing does any more; and all promises were kept. */
export async function run(t: TestContext, scenario: Scenario, seed: number): Promise<RunReport> {
  const before = whatIsOpen()
  const folder = await mkdtemp(join(tmpdir(), 'layergate-chaos-'))
  const opened = { dataDir: folder }
  let report: RunReport | undefined
  // In a test of its own, so that what it opens is closed when it ends.
  await t.test('until all is closed', async (one) => {
    report = await runOpen(one, scenario, seed, folder, opened)
  })
  await rm(folder, { recursive: true })
  if (!report) throw new Error(`Seed ${seed} failed. FAULT_SEED=${seed} runs it alone.`)
  await checkNothingIsLeft(before, opened.dataDir)
  return report
}

async function runOpen(
  t: TestContext,
  scenario: Scenario,
  seed: number,
  sandboxDir: string,
  opened: { dataDir: string },
): Promise<RunReport> {
  const random = createRandom(seed)
  const ledger = createLedger()
  const ports = watchPorts(ledger)
  const disk = troubleDisk(scenario.disk)
  const clock = troubleClock(scenario.clock)
  const { service, sandbox, port, dataDir } = await startService(t, {
    env: { ...env, ...scenario.env },
    sandbox: { repositories, dataDir: sandboxDir, switches: { partSizeBytes: 5 * 1024 * 1024 } },
    files: disk.files,
    now: clock.now,
    around: ports.around,
    timing,
  })
  opened.dataDir = dataDir
  const line = await openLine(port)
  const upstream = troubleUpstream(sandbox, scenario.upstream)
  const troubles = [disk, clock, upstream]

  async function send({ random: own, repository, run: go }: Errand): Promise<void> {
    for (const trouble of troubles) trouble.stir(own)
    const agent = createAgent({ line, fates: scenario.line, ledger }, own, repository)
    try {
      await go(agent)
    } finally {
      agent.talk.close()
    }
  }

  try {
    const errands = planErrands(random, errandsOfRun, ledger).values()
    const work = async () => {
      for (const errand of errands) await send(errand)
    }
    await Promise.all(Array.from({ length: agentsAtOnce }, work))
    for (const trouble of troubles) trouble.clear()
    await settle(ports.forwards())
  } finally {
    await line.close()
    await service.close()
  }

  const record = { calls: sandbox.calls(), history: await readHistory(sandboxDir) }
  await checkAcknowledged(sandbox, record, ledger.acknowledged, ledger.doubted)
  checkNeverInitiated(record, ledger)
  checkTags(record.history, ledger.tags)
  await checkSpoolAgreesWithJournal(dataDir)
  const faults = Object.assign({}, line.counts(), ...troubles.map((trouble) => trouble.counts()))
  return { ledger, faults }
}
