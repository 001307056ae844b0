import type { Forward, ForwardClaim, ForwardError } from '../../src/publish/forward-journal.ts'
import { type MemoryDebt, standing, withUpload } from '../storage/support/memory-debts.ts'

export interface MemoryClaimOptions {
  readonly debt: MemoryDebt
  readonly now: () => Date
  /** Whether it was not dropped meanwhile; what was recorded since then is another debt. */
  readonly isThere: (debt: MemoryDebt) => boolean
  readonly onEnded: (debt: MemoryDebt) => void
}

/** Claims it. */
export function createMemoryClaim({ debt, now, ...ports }: MemoryClaimOptions): ForwardClaim {
  const claimed = standing(debt)
  const before = debt.forward
  let isFinished = false
  debt.forward = { ...before, state: 'forwarding', changedAt: now() }

  function assertOpen(): void {
    if (isFinished) throw new Error('The claim was finished before.')
  }

  async function finish(forward: Forward, dueAtMs: number): Promise<void> {
    assertOpen()
    isFinished = true
    if (!ports.isThere(debt)) return
    const { recordedAgain } = debt
    delete debt.recordedAgain
    if (recordedAgain && forward.state !== 'forwarded') {
      debt.forward = withUpload({ ...recordedAgain, changedAt: now() }, debt.forward.upload)
      debt.dueAtMs = recordedAgain.recordedAt.getTime()
    } else {
      debt.forward = forward
      debt.dueAtMs = dueAtMs
      if (forward.state !== 'owed') delete debt.turn
    }
    ports.onEnded(debt)
  }

  async function fail(
    state: 'owed' | 'parked' | 'parked_for_good',
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
