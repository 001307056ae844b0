import { setImmediate } from 'node:timers/promises'

/** Waits, by turns of the event loop, until `condition` holds. Fails with `what` when it never does. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = AbortSignal.timeout(10_000)
  while (!(await condition())) {
    if (deadline.aborted) throw new Error(`It never happened: ${what}.`)
    await setImmediate()
  }
}
