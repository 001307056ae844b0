import { setImmediate } from 'node:timers/promises'

/** Lets everything run that is ready to: promises, streams, events. */
export async function nextTurn(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await setImmediate()
}
