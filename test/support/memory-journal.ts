import {
  type Forward,
  type ForwardClaim,
  type ForwardError,
  type ForwardJournal,
  forwardName,
  type ForwardState,
  type StartedUpload,
} from '../../src/publish/forward-journal.ts'
import { forwardDropped } from '../../src/storage/sqlite/settlements.ts'
import { createWaitList, type WaitList } from '../../src/storage/wait-list.ts'
import {
  cutRests,
  isSettled,
  isStillOwed,
  type MemoryDebt,
  nextDebt,
  nextDueMs,
  standing,
  totalsOf,
} from '../storage/support/memory-debts.ts'

/** Every eighth claim is fair, whatever is hurried. */
const fairEvery = 8

/** The `ForwardJournal` port in memory, complete: for tests that are not about a journal's engine. */
export function createMemoryJournal({ now = () => new Date() } = {}): ForwardJournal {
  const debts = new Map<string, MemoryDebt>()
  const claimers = createWaitList<ForwardClaim>()
  const settlements = new Map<string, WaitList<Forward>>()
  let lastTurn = 0
  let taken = 0
  let timer: NodeJS.Timeout | undefined

  /** Hands out in a turn of its own: whoever leaves in the turn in which it came takes nothing along. */
  function wake(): void {
    queueMicrotask(handOut)
  }

  function handOut(): void {
    clearTimeout(timer)
    while (claimers.size > 0) {
      const all = [...debts.values()]
      cutRests(all, now().getTime())
      const isFair = (taken + 1) % fairEvery === 0
      const next = nextDebt(all, now().getTime(), isFair)
      if (next) {
        taken += 1
        claimers.answerFirst(claimOf(next))
        continue
      }
      const dueMs = nextDueMs(all)
      if (dueMs !== undefined) timer = setTimeout(handOut, dueMs - now().getTime()).unref()
      return
    }
  }

  function claimOf(debt: MemoryDebt): ForwardClaim {
    const claimed = standing(debt)
    const before = debt.forward
    const { key } = before
    let isFinished = false
    debt.forward = { ...before, state: 'forwarding', changedAt: now() }

    function assertOpen(): void {
      if (isFinished) throw new Error('The claim was finished before.')
    }

    async function finish(forward: Forward, dueAtMs: number): Promise<void> {
      assertOpen()
      isFinished = true
      // Dropped meanwhile; what was recorded since then is another debt.
      if (debts.get(forwardName(key)) !== debt) return
      const { recordedAgain } = debt
      delete debt.recordedAgain
      if (recordedAgain && forward.state !== 'forwarded') {
        debt.forward = withUpload({ ...recordedAgain, changedAt: now() }, debt.forward.upload)
        debt.dueAtMs = recordedAgain.recordedAt.getTime()
        return wake()
      }
      debt.forward = forward
      debt.dueAtMs = dueAtMs
      if (forward.state !== 'owed') delete debt.turn
      if (isSettled(forward)) settlements.get(forwardName(key))?.answerAll(standing(debt))
      wake()
    }

    async function fail(
      state: ForwardState,
      error: ForwardError,
      attempts: number,
      dueAt = now(),
    ): Promise<void> {
      const failed = { ...debt.forward, state, error, attempts: before.attempts + attempts }
      await finish({ ...failed, changedAt: now() }, dueAt.getTime())
    }

    return {
      forward: claimed,
      async progress(upload) {
        assertOpen()
        debt.forward = withUpload(debt.forward, upload)
      },
      async forwarded(result) {
        const { error: _error, upload: _upload, ...rest } = debt.forward
        const attempts = before.attempts + result.attempts
        const forward = { ...rest, ...result, attempts, state: 'forwarded' } as const
        await finish({ ...forward, changedAt: now() }, debt.dueAtMs)
      },
      park: (error, attempts, retryAt) => fail('parked', error, attempts, retryAt),
      parkForGood: (error, attempts) => fail('parked_for_good', error, attempts),
      postpone: (error, attempts, retryAt) => fail('owed', error, attempts, retryAt),
      release: () => finish(withUpload(before, debt.forward.upload), debt.dueAtMs),
    }
  }

  /** What waits for its turn keeps it. */
  function oweAnew(debt: MemoryDebt | undefined, forward: Forward): MemoryDebt {
    const isOwed = debt?.forward.state === 'owed'
    const atMs = forward.recordedAt.getTime()
    const owed = debt ?? { forward, dueAtMs: atMs }
    owed.dueAtMs = isOwed ? Math.min(owed.dueAtMs, atMs) : atMs
    owed.forward = withUpload(forward, owed.forward.upload)
    wake()
    return owed
  }

  const forwards = () => [...debts.values()].map(standing)

  return {
    async record(key, agent, sizeBytes) {
      const debt = debts.get(forwardName(key))
      const forward = blank({ key, agent, sizeBytes }, now())
      const isJoined = debt?.forward.state === 'owed' || debt?.forward.state === 'forwarding'
      if (debt?.forward.state === 'forwarding') {
        debt.recordedAgain = forward
        return { forward: debt.forward, isJoined }
      }
      const owed = oweAnew(debt, forward)
      debts.set(forwardName(key), owed)
      return { forward: standing(owed), isJoined }
    },

    async find(key) {
      const debt = debts.get(forwardName(key))
      return debt && standing(debt)
    },

    async settled(key, signal) {
      signal.throwIfAborted()
      const debt = debts.get(forwardName(key))
      if (!debt) throw forwardDropped()
      if (isSettled(debt.forward)) return standing(debt)
      const list = settlements.get(forwardName(key)) ?? createWaitList<Forward>()
      settlements.set(forwardName(key), list)
      return list.join(signal)
    },

    claim(signal) {
      const claim = claimers.join(signal)
      wake()
      return claim
    },

    async hurry(keys) {
      lastTurn += 1
      for (const key of keys) {
        const debt = debts.get(forwardName(key))
        const isHurried = debt?.forward.state === 'owed' || debt?.forward.state === 'forwarding'
        if (!isHurried) continue
        debt.turn ??= lastTurn
        debt.dueAtMs = Math.min(debt.dueAtMs, now().getTime())
      }
      wake()
    },

    async ofLayer(digest) {
      return forwards().filter(({ key }) => key.digest === digest)
    },

    async isOwed(digest) {
      return forwards().some((forward) => isStillOwed(forward) && forward.key.digest === digest)
    },

    async owedDigests() {
      return new Set(
        forwards()
          .filter(isStillOwed)
          .map(({ key }) => key.digest),
      )
    },

    async totals() {
      return totalsOf(forwards())
    },

    async unpaid(limit) {
      return forwards()
        .filter(({ state }) => state !== 'forwarded')
        .toSorted((one, other) => one.recordedAt.getTime() - other.recordedAt.getTime())
        .slice(0, limit)
    },

    async retry(key) {
      const debt = debts.get(forwardName(key))
      if (!debt || debt.forward.state === 'forwarded') return undefined
      if (debt.forward.state === 'forwarding') return debt.forward
      return standing(oweAnew(debt, blank(debt.forward, now())))
    },

    async drop(key) {
      const debt = debts.get(forwardName(key))
      if (!debt || debt.forward.state === 'forwarded') return undefined
      debts.delete(forwardName(key))
      const reason = forwardDropped()
      settlements.get(forwardName(key))?.refuseAll(reason)
      return standing(debt)
    },

    async prune(unchangedSince) {
      const done = [...debts].filter(
        ([, { forward }]) => forward.state === 'forwarded' && forward.changedAt < unchangedSince,
      )
      for (const [name] of done) debts.delete(name)
      return done.length
    },
  }
}

function blank(of: Pick<Forward, 'key' | 'agent' | 'sizeBytes'>, at: Date): Forward {
  return {
    key: of.key,
    agent: of.agent,
    sizeBytes: of.sizeBytes,
    state: 'owed',
    alreadyPresent: false,
    parts: 0,
    attempts: 0,
    recordedAt: at,
    changedAt: at,
  }
}

function withUpload(forward: Forward, upload: StartedUpload | undefined): Forward {
  const { upload: _, ...rest } = forward
  return upload ? { ...rest, upload } : rest
}
