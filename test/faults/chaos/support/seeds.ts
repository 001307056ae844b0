import { env } from 'node:process'

/** Which seeds to run: the one that `FAULT_SEED` names, the first `FAULT_RUNS`, or the first `count`. */
export function seedsToRun(count: number): readonly number[] {
  const { FAULT_SEED: seed, FAULT_RUNS: runs } = env
  if (seed !== undefined) return [wholeNumber('FAULT_SEED', seed)]
  const length = runs === undefined ? count : wholeNumber('FAULT_RUNS', runs)
  return Array.from({ length }, (_, index) => index + 1)
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, not ${text}.`)
  return Number(text)
}
