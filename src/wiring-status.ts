import type { Status } from './http/page/status.ts'
import type { Readiness } from './http/routes/system.ts'
import type { Refusals } from './layers/refusals.ts'
import type { ForwardJournal } from './publish/forward-journal.ts'
import type { Accounts } from './upstream/accounts.ts'
import type { Parts } from './wiring-parts.ts'
import type { Watch } from './wiring-watch.ts'

export interface StatusPorts {
  readonly watch: Pick<Watch, 'levels' | 'uploads' | 'forwarded'>
  readonly readiness: () => Promise<Readiness>
  readonly hasJournalFailed: () => boolean
  readonly forwards: Pick<ForwardJournal, 'unpaid' | 'inFlight'>
  readonly refusals: Pick<Refusals, 'latest'>
  readonly accounts: Pick<Accounts, 'use'>
  readonly now: () => Date
}

/** Of each list, so that whoever looks costs those who push nothing. */
const mostDebts = 500
const mostRefusals = 200
/** However many look, and however often. */
const freshMs = 1_000

/** What the status page tells. It is read once for all who look at the same time. */
export function createStatus(
  { config, version }: Pick<Parts, 'config' | 'version'>,
  ports: StatusPorts,
): () => Promise<Status> {
  const { watch, forwards, refusals, accounts, now } = ports
  const startedAt = now()
  let latest: { readonly status: Promise<Status>; readonly readAtMs: number } | undefined

  /** A journal that failed tells nothing any more; that it failed is told. */
  async function unlessFailed<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
    return list.catch((error: unknown) => {
      if (ports.hasJournalFailed()) return []
      throw error
    })
  }

  async function read(): Promise<Status> {
    const [totals, readiness, inFlight, debts, refused] = await Promise.all([
      watch.levels(),
      ports.readiness(),
      unlessFailed(forwards.inFlight()),
      unlessFailed(forwards.unpaid(mostDebts)),
      unlessFailed(refusals.latest({ limit: mostRefusals, isShown: () => true })),
    ])
    return {
      ...readiness,
      at: now(),
      startedAt,
      version,
      isAuthDisabled: config.access.policyFile === undefined,
      totals,
      uploads: watch.uploads(),
      inFlight,
      forwarded: watch.forwarded(),
      debts,
      refusals: refused,
      accounts: accounts.use(),
    }
  }

  return () => {
    const nowMs = performance.now()
    if (!latest || nowMs - latest.readAtMs >= freshMs) latest = { status: read(), readAtMs: nowMs }
    return latest.status
  }
}
