import type {
  Forward,
  ForwardClaim,
  ForwardError,
  ForwardJournal,
  ForwardKey,
} from '../../src/publish/forward-journal.ts'
import { createWaitList, type WaitList } from '../../src/storage/wait-list.ts'

/** What is hurried is due before all others, and in the order in which it was hurried. */
const headStartMs = 10 ** 13

interface Row {
  forward: Forward
  dueAtMs: number
  /** What was recorded while it was in flight. */
  recordedAgain?: Forward
}

/** The `ForwardJournal` port in memory, complete: for tests that are not about a journal's engine. */
export function createMemoryJournal({ now = () => new Date() } = {}): ForwardJournal {
  const rows = new Map<string, Row>()
  const claimers = createWaitList<ForwardClaim>()
  const settlements = new Map<string, WaitList<Forward>>()
  let timer: NodeJS.Timeout | undefined

  /** Hands out in a turn of its own: whoever leaves in the turn in which it came takes nothing along. */
  function wake(): void {
    queueMicrotask(handOut)
  }

  function handOut(): void {
    clearTimeout(timer)
    while (claimers.size > 0) {
      const next = nextRow()
      if (!next) return
      const delayMs = next.dueAtMs - now().getTime()
      if (delayMs > 0) {
        timer = setTimeout(handOut, delayMs).unref()
        return
      }
      claimers.answerFirst(claimOf(next))
    }
  }

  function nextRow(): Row | undefined {
    const claimable = [...rows.values()].filter(
      ({ forward }) => forward.state === 'owed' || forward.state === 'parked',
    )
    return claimable.toSorted((one, other) => one.dueAtMs - other.dueAtMs)[0]
  }

  function claimOf(row: Row): ForwardClaim {
    const before = row.forward
    let isFinished = false
    row.forward = { ...before, state: 'forwarding', changedAt: now() }

    async function finish(forward: Forward, dueAtMs: number): Promise<void> {
      if (isFinished) throw new Error('The claim was finished before.')
      isFinished = true
      const { recordedAgain } = row
      delete row.recordedAgain
      if (recordedAgain && forward.state !== 'forwarded') {
        row.forward = { ...recordedAgain, changedAt: now() }
        row.dueAtMs = recordedAgain.recordedAt.getTime()
        return wake()
      }
      row.forward = forward
      row.dueAtMs = dueAtMs
      if (isSettled(forward)) settlements.get(nameOf(forward.key))?.answerAll(forward)
      wake()
    }

    function failed(state: 'owed' | 'parked', error: ForwardError, attempts: number): Forward {
      return { ...before, state, error, attempts: before.attempts + attempts, changedAt: now() }
    }

    return {
      forward: before,
      forwarded(result) {
        const { error: _, ...rest } = before
        const attempts = before.attempts + result.attempts
        const forward = {
          ...rest,
          ...result,
          attempts,
          state: 'forwarded',
          changedAt: now(),
        } as const
        return finish(forward, row.dueAtMs)
      },
      park: (error, attempts, retryAt) =>
        finish(failed('parked', error, attempts), retryAt.getTime()),
      postpone: (error, attempts, retryAt) =>
        finish(failed('owed', error, attempts), retryAt.getTime()),
      release: () => finish(before, row.dueAtMs),
    }
  }

  return {
    async record(key, agent, sizeBytes) {
      const at = now()
      const forward: Forward = {
        key,
        agent,
        sizeBytes,
        state: 'owed',
        alreadyPresent: false,
        parts: 0,
        attempts: 0,
        recordedAt: at,
        changedAt: at,
      }
      const row = rows.get(nameOf(key))
      if (row?.forward.state === 'forwarding') {
        row.recordedAgain = forward
        return row.forward
      }
      const dueAtMs = at.getTime()
      // Whoever waits for its turn keeps it.
      const isOwed = row?.forward.state === 'owed'
      rows.set(nameOf(key), { forward, dueAtMs: isOwed ? Math.min(row.dueAtMs, dueAtMs) : dueAtMs })
      wake()
      return forward
    },

    async find(key) {
      return rows.get(nameOf(key))?.forward
    },

    async settled(key, signal) {
      signal.throwIfAborted()
      const forward = rows.get(nameOf(key))?.forward
      if (forward && isSettled(forward)) return forward
      const list = settlements.get(nameOf(key)) ?? createWaitList<Forward>()
      settlements.set(nameOf(key), list)
      return list.join(signal)
    },

    claim(signal) {
      const claim = claimers.join(signal)
      wake()
      return claim
    },

    async hurry(keys) {
      for (const key of keys) {
        const row = rows.get(nameOf(key))
        if (row?.forward.state !== 'owed') continue
        row.dueAtMs = Math.min(row.dueAtMs, now().getTime() - headStartMs)
      }
      wake()
    },

    async ofLayer(digest) {
      return [...rows.values()]
        .map(({ forward }) => forward)
        .filter(({ key }) => key.digest === digest)
    },

    async isOwed(digest) {
      return debts().some((forward) => forward.key.digest === digest)
    },

    async owedDigests() {
      return new Set(debts().map(({ key }) => key.digest))
    },

    async totals() {
      const unpaid = debts()
      const times = unpaid
        .filter(({ state }) => state !== 'parked')
        .map(({ recordedAt }) => recordedAt.getTime())
      return {
        waiting: unpaid.filter(({ state }) => state === 'owed').length,
        parked: unpaid.filter(({ state }) => state === 'parked').length,
        backlogBytes: bytesOf(unpaid),
        owedBytes: bytesOf(unpaid.filter(({ state }) => state !== 'parked')),
        ...(times.length > 0 && { oldestRecordedAt: new Date(Math.min(...times)) }),
      }
    },
  }

  function debts(): readonly Forward[] {
    return [...rows.values()]
      .map(({ forward }) => forward)
      .filter(({ state }) => state !== 'forwarded')
  }
}

function bytesOf(forwards: readonly Forward[]): number {
  return forwards.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0)
}

function isSettled({ state }: Forward): boolean {
  return state === 'forwarded' || state === 'parked'
}

function nameOf({ registry, repository, digest }: ForwardKey): string {
  return JSON.stringify([registry, repository, digest])
}
