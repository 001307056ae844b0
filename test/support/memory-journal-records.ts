import type { Forward, ForwardJournal } from '../../src/publish/forward-journal.ts'
import type { MemoryDebt, MemoryDebts } from '../storage/support/memory-debts.ts'
import { standing, withUpload } from '../storage/support/memory-debts.ts'

export interface MemoryRecordsOptions {
  readonly debts: MemoryDebts
  readonly now: () => Date
  /** Something may have become due. */
  readonly wake: () => void
}

/** How forwards come to be owed or held, and anew. */
export function createMemoryRecords({
  debts,
  now,
  wake,
}: MemoryRecordsOptions): Pick<ForwardJournal, 'record' | 'retry'> {
  /** What waits for its turn keeps it. */
  function renew(debt: MemoryDebt | undefined, forward: Forward): Forward {
    const wasOwed = debt?.forward.state === 'owed'
    const atMs = forward.recordedAt.getTime()
    const renewed = debt ?? { forward, dueAtMs: atMs }
    renewed.dueAtMs = wasOwed ? Math.min(renewed.dueAtMs, atMs) : atMs
    renewed.forward = withUpload(forward, renewed.forward.upload)
    debts.put(renewed)
    wake()
    return standing(renewed)
  }

  return {
    async record(key, agent, sizeBytes, hold) {
      const debt = debts.find(key)
      const isJoined = debt?.forward.state === 'owed' || debt?.forward.state === 'forwarding'
      const blank = owed({ key, agent, sizeBytes }, now())
      if (hold && debt && isJoined) return { forward: standing(debt), isJoined }
      if (debt?.forward.state === 'forwarding') {
        debt.recordedAgain = blank
        return { forward: debt.forward, isJoined }
      }
      const forward: Forward = hold ? { ...blank, state: 'held', error: hold } : blank
      return { forward: renew(debt, forward), isJoined }
    },

    async retry(key) {
      const debt = debts.find(key)
      if (!debt || debt.forward.state === 'forwarded') return undefined
      if (debt.forward.state === 'forwarding') return debt.forward
      return renew(debt, owed(debt.forward, now()))
    },
  }
}

function owed(of: Pick<Forward, 'key' | 'agent' | 'sizeBytes'>, at: Date): Forward {
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
