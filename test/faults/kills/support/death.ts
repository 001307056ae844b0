import { until } from '../../../support/until.ts'
import { createRandom } from '../../chaos/support/random.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { Legacy } from './legacy.ts'
import type { Orders } from './orders.ts'
import { openSite } from './site.ts'
import { checkPromises, settled, stopInOrder } from './verdict.ts'
import type { Victim } from './victims.ts'
import { forwardTtl, spoolMax, work, workInOutage } from './workload.ts'

export interface Life {
  /** Whether the kill point was reached. */
  readonly isDead: boolean
  /** What the first process told, where it stopped in order. */
  readonly lastWords: ReturnType<Victim['lastWords']>
  readonly ledger: Ledger
}

/**
 * The whole workload over one data folder, begun by a process that dies at its kill point, if it comes there, and ended by another. One
 * that does not die is stopped in the middle of forwards. All promises were kept, or this throws.
 */
export async function liveAndDie(
  modulesDir: string,
  legacy: Legacy,
  seed: number,
  orders: Pick<Orders, 'killPoint' | 'keepsModules'>,
): Promise<Life> {
  const random = createRandom(seed)
  const ledger = createLedger()
  const env = { LAYERGATE_SPOOL_MAX: spoolMax, LAYERGATE_FORWARD_TTL: forwardTtl }
  await using site = await openSite(modulesDir, env, { legacyDir: legacy.dataDir })
  const { sandbox } = site
  const first = site.start({ ...orders, failedOpens: [2] })
  const second = first.end.then(() => {
    // Calls that were held back then would never be answered.
    sandbox.clearFaults()
    return site.start()
  })
  // It is awaited below, unless the work fails before.
  second.catch(() => {})

  await work(site, legacy, ledger, random)
  if (!first.isOver()) {
    await workInOutage(site, ledger, random)
    const isCompleting = () =>
      sandbox.calls().some(({ operation, status }) => operation === complete && status === null)
    await until('a layer is being completed', () => first.isOver() || isCompleting())
    first.signal('SIGTERM')
  }

  const end = await first.end
  if (end !== 'SIGKILL' && end !== 0) throw new Error(`It ended with ${end}: ${first.stderr()}`)
  await settled(site)
  await stopInOrder(await second)
  await checkPromises(site, ledger)
  return { isDead: end === 'SIGKILL', lastWords: first.lastWords(), ledger }
}

const complete = 'CompleteLayerUpload'
