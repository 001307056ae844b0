import { startSandbox } from '../../../../src/sandbox/sandbox.ts'
import { watchPorts } from '../../chaos/support/watched-ports.ts'
import {
  checkAcknowledged,
  checkNeverInitiated,
  checkSpoolAgreesWithJournal,
  type LayerThere,
  nameOf,
  readHistory,
} from '../../invariants.ts'
import { type Cut, switches } from './cuts.ts'
import { assertKept, layersIn } from './promises.ts'
import { serveFolder } from './serve-folder.ts'

/** Another service goes on with what the cut left, before an ECR Public that has nothing yet. */
export async function goOnAfter({ dataDir, promises }: Cut): Promise<void> {
  const sandboxDir = `${dataDir}-ecr`
  const sandbox = await startSandbox({
    repositories: ['team/app'],
    dataDir: sandboxDir,
    switches,
  })
  try {
    const started: LayerThere[] = []
    const { around } = watchPorts({ started, doubted: [] })
    await using served = await serveFolder(dataDir, sandbox.url, { around })
    const acknowledged = await assertKept(promises, served.url, sandbox)
    await served.service.close()

    const { forwarded, good, refused } = promises
    const there = layersIn(sandbox)
    // What was in ECR Public before the cut need not come again.
    const due = acknowledged.filter((layer) => {
      return !forwarded.has(nameOf(layer)) || there.has(nameOf(layer))
    })
    const record = { calls: sandbox.calls(), history: await readHistory(sandboxDir) }
    await checkAcknowledged(sandbox, record, due)
    checkNeverInitiated(record, { good, refused, started })
    await checkSpoolAgreesWithJournal(dataDir)
  } finally {
    await sandbox.close()
  }
}
