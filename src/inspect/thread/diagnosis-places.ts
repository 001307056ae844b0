import { createFairQueue } from '../../fairness/fair-queue.ts'

/** How many mismatches are looked into side by side. Those that find no place wait, in turn between their agents. */
export interface DiagnosisPlaces {
  /** Resolves when its turn has come, and with `undefined` at once where too many wait already. */
  take(agent: string, sizeBytes: number): Promise<Disposable | undefined>
}

export interface DiagnosisBounds {
  readonly atOnce: number
  readonly waiting: number
  /** So that the storm of one agent leaves room for the others. */
  readonly waitingOfOneAgent: number
  /** Of all that wait: their bytes stay on the disk meanwhile, and where their upload is over the spool does not know of it. */
  readonly waitingBytes: number
}

/** Each that waits keeps a file open, or two, and some KiB. */
export const defaultBounds: DiagnosisBounds = {
  atOnce: 16,
  waiting: 256,
  waitingOfOneAgent: 128,
  waitingBytes: 4 * 1024 * 1024 * 1024,
}

export function createDiagnosisPlaces(bounds: DiagnosisBounds): DiagnosisPlaces {
  const queue = createFairQueue<() => void>()
  const waitingOf = new Map<string, number>()
  let waitingBytes = 0
  let taken = 0

  function leave(): void {
    const enter = queue.next()
    if (enter) enter()
    else taken -= 1
  }

  function isFull(agent: string, sizeBytes: number): boolean {
    return (
      queue.size >= bounds.waiting ||
      (waitingOf.get(agent) ?? 0) >= bounds.waitingOfOneAgent ||
      waitingBytes + sizeBytes > bounds.waitingBytes
    )
  }

  function count(agent: string, sizeBytes: number): void {
    waitingOf.set(agent, (waitingOf.get(agent) ?? 0) + 1)
    waitingBytes += sizeBytes
  }

  function discount(agent: string, sizeBytes: number): void {
    const left = (waitingOf.get(agent) ?? 0) - 1
    if (left > 0) waitingOf.set(agent, left)
    else waitingOf.delete(agent)
    waitingBytes -= sizeBytes
  }

  return {
    async take(agent, sizeBytes) {
      if (taken < bounds.atOnce) {
        taken += 1
      } else {
        if (isFull(agent, sizeBytes)) return undefined
        count(agent, sizeBytes)
        await new Promise<void>((enter) => queue.add(agent, enter))
        discount(agent, sizeBytes)
      }
      return { [Symbol.dispose]: leave }
    },
  }
}
