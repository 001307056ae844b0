/** What is done again and again, as long as the service runs. */
export interface Sweeper {
  start(): void
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>
}

const sweepEveryMs = 60_000

/**
 * Sweeps once a minute, one task after the other.
 *
 * @param onError a task failed; it is tried again with the next sweep, and the others go on
 */
export function createSweeper(
  tasks: readonly (() => Promise<void>)[],
  onError: (error: unknown) => void,
): Sweeper {
  let timer: NodeJS.Timeout | undefined
  let sweeping = Promise.resolve()

  async function sweep(): Promise<void> {
    for (const task of tasks) await task().catch(onError)
  }

  return {
    start() {
      timer = setInterval(() => {
        sweeping = sweeping.then(sweep)
      }, sweepEveryMs)
    },
    async stop() {
      clearInterval(timer)
      await sweeping
    },
  }
}
